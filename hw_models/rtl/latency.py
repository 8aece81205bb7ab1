"""How long the first beat takes through a node: one rule per kind, beside its emitter."""

from functools import singledispatch

from dse.errors import UnmodelledError
from hw_models.folding import Pace
from hw_models.graph import Node
from hw_models.rtl.node import Fabric


@singledispatch
def latency_cycles(node: Node, pace: Pace, fabric: Fabric) -> int:
    """Return the cycles from a frame's first beat in to its first beat out.

    The node meets the frame idle, gets a beat in every cycle and is never blocked: with the first
    beat taken in cycle 0, the first output is valid in cycle `latency_cycles`. It consists of the
    cycles in which the beats arrive that the first output needs, and of the pipeline behind them.

    Raises:
        UnmodelledError: A kind of node without a rule.
    """
    raise UnmodelledError(f"no latency for nodes of kind {type(node).__name__}")
