"""Formats as Brevitas quantizers. The only file that knows Brevitas' injectors.

Every quantizer here has a scale that was found outside (`dse.quant.calibration`), constant or to be
trained from there, zero point 0, half-to-even rounding and saturation.
"""

from dataclasses import dataclass

import torch
from brevitas.core.utils import SingleArgStatelessBuffer
from brevitas.core.zero_point import ZeroZeroPoint
from brevitas.inject import ExtendedInjector
from brevitas.inject.enum import (
    BitWidthImplType,
    FloatToIntImplType,
    QuantType,
    RestrictValueType,
    ScalingImplType,
    ScalingPerOutputType,
)
from brevitas.quant.float_base import FloatActBase, FloatWeightBase
from brevitas.quant.solver import ActQuantSolver, WeightQuantSolver

from dse.errors import FormatError
from dse.formats import Format, IntFormat, MiniFloat


class _GivenScale(ExtendedInjector):
    scaling_min_val = None


_CONSTANT: dict[str, object] = {
    "scaling_impl_type": ScalingImplType.CONST,
    "restrict_scaling_type": RestrictValueType.FP,
}
# The logarithm is trained: steps are relative, and no scale turns negative.
_TRAINED: dict[str, object] = {
    "scaling_impl_type": ScalingImplType.PARAMETER,
    "restrict_scaling_type": RestrictValueType.LOG_FP,
}


class _Integer(_GivenScale):
    quant_type = QuantType.INT
    bit_width_impl_type = BitWidthImplType.CONST
    float_to_int_impl_type = FloatToIntImplType.ROUND
    zero_point_impl = ZeroZeroPoint
    int_scaling_impl = SingleArgStatelessBuffer(1.0)  # the scale is one step, not the range


class _IntegerWeight(_Integer, WeightQuantSolver):
    pass


class _IntegerActivation(_Integer, ActQuantSolver):
    pass


class _Float(_GivenScale):
    # no code stands for Inf or NaN; variants that have them differ in `max_available_float` only
    saturating = True
    inf_values = None
    nan_values = None


class _FloatWeight(_Float, FloatWeightBase):
    pass


class _FloatActivation(_Float, FloatActBase):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """The two Brevitas quantizers of a family of formats, and their settings for one format."""

    weight: type
    activation: type
    settings: dict[str, object]


def _family(number_format: Format) -> _Family:
    match number_format:
        case IntFormat(bits=bits) if bits > 1:
            return _Family(
                weight=_IntegerWeight,
                activation=_IntegerActivation,
                settings={
                    "bit_width": bits,
                    "narrow_range": number_format.is_narrow,
                    "signed": number_format.signed,
                },
            )
        case MiniFloat():
            return _Family(
                weight=_FloatWeight,
                activation=_FloatActivation,
                settings={
                    "bit_width": number_format.bits,
                    "exponent_bit_width": number_format.exponent_bits,
                    "mantissa_bit_width": number_format.mantissa_bits,
                    "exponent_bias": number_format.bias,
                    "max_available_float": number_format.max,
                    "signed": number_format.signed,
                },
            )
        case _:
            raise FormatError(
                f"Brevitas cannot express format '{number_format.name}'; "
                "use an integer of 2 bits or more, or a minifloat"
            )


def weight_quantizer(
    number_format: Format, scale: torch.Tensor, *, is_trained: bool = False
) -> type:
    """Return the Brevitas weight quantizer of a format with given scales.

    Args:
        number_format: Format of the weights, taken as it is (`Format.narrow` is the caller's).
        scale: float32 scales, one element, or shaped to broadcast over the output channels.
        is_trained: Whether the scales are parameters that training changes.

    Raises:
        FormatError: Brevitas cannot express the format.
    """
    family = _family(number_format)
    is_one = scale.numel() == 1
    return family.weight.let(  # type: ignore[attr-defined, no-any-return]
        scaling_per_output_type=ScalingPerOutputType.TENSOR
        if is_one
        else ScalingPerOutputType.CHANNEL,
        scaling_init=scale.reshape(()) if is_one and is_trained else scale,
        **family.settings,
        **(_TRAINED if is_trained else _CONSTANT),
    )


def activation_quantizer(number_format: Format, scale: float, *, is_trained: bool = False) -> type:
    """Return the Brevitas activation quantizer of a format with one given scale.

    Args:
        number_format: Format of the activations.
        scale: float32 value.
        is_trained: Whether the scale is a parameter that training changes.

    Raises:
        FormatError: Brevitas cannot express the format.
    """
    family = _family(number_format)
    return family.activation.let(  # type: ignore[attr-defined, no-any-return]
        scaling_per_output_type=ScalingPerOutputType.TENSOR,
        scaling_init=scale,
        **family.settings,
        **(_TRAINED if is_trained else _CONSTANT),
    )
