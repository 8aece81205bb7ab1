"""The layers of a quantized network: Brevitas modules, and the numbers they are made of."""

from dataclasses import dataclass

import brevitas.nn as qnn
import numpy as np
import torch
from torch import nn

from dse.errors import UnsupportedLayerError
from dse.formats import Format
from dse.quant.kernels import FloatArray, Rounding, round_rows, rounding_of
from dse.quant.quantizers import weight_quantizer

FloatLayer = nn.Conv2d | nn.Linear


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerNumbers:
    """Weights of one layer, on their way to codes, and its bias.

    Attributes:
        weight: Real values, quantized or not yet, `(out, n)` with n weights an output channel.
        scales: Values of one unit of the format's grid, `(rows,)`: `out` rows or one.
        bias: Shape `(out,)`, float32 like the others.
        number_format: Format of the weights; integers are in narrow range.
    """

    weight: FloatArray
    scales: FloatArray
    bias: FloatArray
    number_format: Format

    @property
    def rounding(self) -> Rounding:
        """Parameters of the kernels for the format."""
        return rounding_of(self.number_format)

    def scale_of_channel(self) -> FloatArray:
        """Return the scale of each output channel, `(out,)`."""
        return np.broadcast_to(self.scales, len(self.weight)).copy()

    def codes(self) -> FloatArray:
        """Return the weights rounded to the format's grid, in units of their scales, `(out, n)`."""
        return round_rows(self.weight, self.scale_of_channel(), self.rounding)

    def quantized(self) -> FloatArray:
        """Return the weights that the layer multiplies by, `(out, n)`."""
        return self.codes() * self.scale_of_channel()[:, None]


def read_layer(layer: nn.Module, number_format: Format) -> LayerNumbers:
    """Return the numbers of a Brevitas layer whose weights have `number_format`."""
    assert isinstance(layer, qnn.QuantConv2d | qnn.QuantLinear)
    return LayerNumbers(
        weight=weight_of(layer),
        scales=layer.quant_weight().scale.detach().reshape(-1).numpy(),
        bias=bias_of(layer),
        number_format=number_format,
    )


def weight_of(layer: FloatLayer) -> FloatArray:
    """Return a layer's weights, `(out, n)`."""
    weight = layer.weight.detach()
    return weight.reshape(len(weight), -1).numpy()


def bias_of(layer: FloatLayer) -> FloatArray:
    """Return a layer's bias, `(out,)`; zeros where it has none."""
    if layer.bias is None:
        return np.zeros(len(layer.weight), np.float32)
    return layer.bias.detach().numpy()


def brevitas_layer(layer: FloatLayer, name: str, numbers: LayerNumbers) -> nn.Module:
    """Return the Brevitas form of a float layer, with other numbers.

    It has a bias where the float layer has one, or where `numbers` has one that is not 0.

    Args:
        layer: Gives the geometry.
        name: Of the layer, for messages.
        numbers: Weights, scales and bias.

    Raises:
        FormatError: Brevitas cannot express the format.
        UnsupportedLayerError: The layer pads with something else than zeros.
    """
    scales = torch.from_numpy(numbers.scales).reshape(-1, *[1] * (layer.weight.ndim - 1))
    quantizer = weight_quantizer(numbers.number_format, scales)
    has_bias = layer.bias is not None or bool(numbers.bias.any())
    with torch.random.fork_rng(devices=[]):  # Brevitas draws weights that we replace
        made = unfilled_layer(layer, name, quantizer, has_bias=has_bias)
    state = {"weight": torch.from_numpy(numbers.weight).reshape(layer.weight.shape)}
    if has_bias:
        state["bias"] = torch.from_numpy(numbers.bias)
    made.load_state_dict(state, strict=False)
    return made.eval()


def unfilled_layer(layer: FloatLayer, name: str, quantizer: type, *, has_bias: bool) -> nn.Module:
    """Return a Brevitas layer of the shape of `layer`, its weights and bias still to be set.

    Raises:
        UnsupportedLayerError: A convolution that pads with anything but zeros.
    """
    if isinstance(layer, nn.Linear):
        return qnn.QuantLinear(  # type: ignore[no-any-return]
            layer.in_features, layer.out_features, bias=has_bias, weight_quant=quantizer
        )
    if layer.padding_mode != "zeros":
        raise UnsupportedLayerError(
            f"layer '{name}' pads with mode '{layer.padding_mode}'; use zero padding"
        )
    return qnn.QuantConv2d(  # type: ignore[no-any-return]
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=has_bias,
        weight_quant=quantizer,
    )
