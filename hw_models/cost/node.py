"""The cost of one node: a rule per kind, registered by the file of that kind."""

from functools import singledispatch

from dse.errors import UnmodelledError
from hw_models.cost.logic import counters_lut
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Node
from hw_models.resources import Part, Resources


@singledispatch
def node_parts(node: Node, pace: Pace, target: Target) -> tuple[Part, ...]:
    """Return what `node` is made of.

    Args:
        node: A node of an accelerator.
        pace: Its own, of `hw_models.folding.node_paces`.
        target: Family, constants and use of DSP blocks.

    Raises:
        UnmodelledError: A kind of node, or a case of it, without a rule.
    """
    raise UnmodelledError(f"no cost rule for nodes of kind {type(node).__name__}")


def control_part(counts: tuple[int, ...], target: Target) -> Part:
    """Return the cost of a node's control: counters of these many values, and the handshake."""
    counters = counters_lut(counts, target)
    coefficients = target.coefficients
    return Part(
        name="control",
        resources=Resources(
            lut=counters + coefficients.handshake_lut.value,
            ff=counters // coefficients.counter_lut_per_bit.value + 2,
        ),
        is_compute=False,
        source=f"{coefficients.counter_lut_per_bit.source}; {coefficients.handshake_lut.source}",
    )
