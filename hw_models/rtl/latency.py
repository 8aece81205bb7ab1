"""How deep the pipeline of a node is: one rule per kind, beside its emitter."""

from functools import singledispatch

from dse.errors import UnmodelledError
from hw_models.folding import Pace
from hw_models.graph import Node
from hw_models.rtl.node import Fabric


@singledispatch
def latency_cycles(node: Node, pace: Pace, fabric: Fabric) -> int:
    """Return the cycles from the step that completes an output to the cycle in which it is valid.

    A step of a node is as `hw_models.schedule.program` counts them: for most it is the cycle in
    which it takes the last beat that the output needs, for a window the one in which it reads its
    buffer, at the earliest a cycle after the last pixel came in.

    Raises:
        UnmodelledError: A kind of node without a rule.
    """
    raise UnmodelledError(f"no latency for nodes of kind {type(node).__name__}")
