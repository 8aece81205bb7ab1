"""Operands of nodes by what they must be."""

from collections.abc import Sequence

from hw_models.frontend.network import Array, OnnxNode
from hw_models.frontend.quantizers import Grid
from hw_models.frontend.values import Constant, Stream, Value

Operands = Sequence[Value | None]


def stream_at(node: OnnxNode, operands: Operands, at: int) -> Stream:
    """Return the operand that must depend on the network's input.

    Raises:
        UnsupportedLayerError: It is a constant.
    """
    found = operands[at] if at < len(operands) else None
    if not isinstance(found, Stream):
        raise node.unsupported(f"its operand {at} must come from the network's input")
    return found


def constant_at(node: OnnxNode, operands: Operands, at: int) -> Array | None:
    """Return a constant operand, or `None` where it is left out.

    Raises:
        UnsupportedLayerError: It depends on the network's input.
    """
    found = operands[at] if at < len(operands) else None
    if found is None:
        return None
    if not isinstance(found, Constant):
        raise node.unsupported(f"its operand {at} must be a constant of the file")
    return found.values


def required_constant_at(node: OnnxNode, operands: Operands, at: int) -> Array:
    """Return a constant operand.

    Raises:
        DataError: It is left out.
        UnsupportedLayerError: It depends on the network's input.
    """
    found = constant_at(node, operands, at)
    if found is None:
        raise node.damaged(f"its operand {at} is missing")
    return found


def weights_at(node: OnnxNode, operands: Operands, at: int) -> Grid:
    """Return quantized weights.

    Raises:
        UnsupportedLayerError: They depend on the network's input, or have no quantizer.
    """
    required_constant_at(node, operands, at)
    found = operands[at]
    assert isinstance(found, Constant), "just checked"
    if found.grid is None:
        raise node.unsupported(
            "its weights have no quantizer; export them behind a Quant, FloatQuant or BipolarQuant "
            "node (qonnx's cleanup folds FloatQuant weights: do without it)"
        )
    return found.grid


def tensor_name(node: OnnxNode, at: int) -> str:
    """Return the file's name of an operand."""
    return str(node.proto.input[at])
