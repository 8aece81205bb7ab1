"""From a node to its RTL: one emitter per kind, registered by the file of that kind."""

import re
from dataclasses import dataclass
from functools import singledispatch

from dse.errors import UnmodelledError
from hw_models.arith.cell import Style
from hw_models.cost.target import Target
from hw_models.folding import Pace
from hw_models.graph import Accelerator, Node
from hw_models.model import Model
from hw_models.rtl.design import Rtl


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """What RTL is written for.

    Attributes:
        target: Family, and the constants that decide where memories go.
        style: How adders are written. `Style.PORTABLE` is plain SystemVerilog; the others
            instantiate cells of one family.
    """

    target: Target
    style: Style


@singledispatch
def emit_node(node: Node, pace: Pace, model: Model, fabric: Fabric) -> Rtl:
    """Write the module of one node, called `module_name`.

    Its ports are ``clk``, ``rst`` (synchronous, active high) and its streams: ``in_data in_valid
    in_ready`` (``in0_…`` and ``in1_…`` where it reads two) and ``out_data out_valid out_ready``.
    A beat happens at a clock edge with valid and ready. Valid never waits for ready, and data stay
    until they are taken. A beat holds `hw_models.dataflow.lanes_taken` or `lanes_given` elements,
    the first in the low bits.

    Args:
        node: A node of the model's accelerator.
        pace: Its own, of `hw_models.folding.node_paces`.
        model: Weights and tails, by the node's name.
        fabric: What the RTL is for.

    Raises:
        UnmodelledError: A kind of node without an emitter.
        DesignError: A case of it that the RTL cannot do.
    """
    raise UnmodelledError(f"no RTL for nodes of kind {type(node).__name__}")


@singledispatch
def check_node(node: Node) -> None:
    """Raise `UnsupportedLayerError` if `node` has no RTL though others of its kind have."""


def require_rtl(accelerator: Accelerator) -> None:
    """Check every node before anything is made of them.

    Raises:
        UnsupportedLayerError: One has no RTL; names it, and why.
    """
    for node in accelerator.nodes:
        check_node(node)


def module_name(node: Node) -> str:
    """Return the name of the module of `node`: its kind and its name, as a legal identifier."""
    return f"{type(node).__name__.lower()}_{identifier(node.name)}"


def identifier(name: str) -> str:
    """Return `name` with ``_`` in place of what identifiers cannot hold."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)
