"""Activation quantizers in training, at the speed of the frozen network's."""

import brevitas.nn as qnn
import torch
from torch.autograd.function import FunctionCtx

from dse.formats import Format
from dse.quant.kernels import Rounding, fake_quantize, rounding_of, straight_through
from dse.quant.quantizers import activation_quantizer


class _FakeQuantize(torch.autograd.Function):
    """`fake_quantize` with the gradients of `straight_through`."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: torch.Tensor, scale: torch.Tensor, rounding: Rounding
    ) -> torch.Tensor:
        x = x.contiguous()
        out = torch.empty_like(x)
        fake_quantize(x.detach().numpy(), scale.item(), rounding, out.numpy())
        ctx.save_for_backward(x, scale)
        ctx.rounding = rounding  # type: ignore[attr-defined]
        return out

    @staticmethod
    def backward(
        ctx: FunctionCtx, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, None]:
        x, scale = ctx.saved_tensors  # type: ignore[attr-defined]
        gradient = gradient.contiguous()
        out = torch.empty_like(gradient)
        of_scale = straight_through(
            x.numpy(),
            gradient.numpy(),
            scale.item(),
            ctx.rounding,  # type: ignore[attr-defined]
            out.numpy(),
        )
        return out, torch.full_like(scale, of_scale), None


class TrainedIdentity(qnn.QuantIdentity):  # type: ignore[misc]
    """Brevitas' activation quantizer of one scale, computed by our kernels.

    It gives what Brevitas gives in a fraction of the time; the scale is Brevitas' module. Gradients
    pass straight through rounding. So they do in Brevitas for integers; of a minifloat it takes the
    step, too, for a function of the value.
    """

    def __init__(self, number_format: Format, scale: float, *, is_trained: bool) -> None:
        """Make the quantizer.

        Args:
            number_format: Format of the activations.
            scale: float32 value to begin with.
            is_trained: Whether the scale is a parameter.
        """
        super().__init__(
            act_quant=activation_quantizer(number_format, scale, is_trained=is_trained)
        )
        self._rounding = rounding_of(number_format)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return the quantized values."""
        tensor_quant = self.act_quant.fused_activation_quant_proxy.tensor_quant
        scale: torch.Tensor = tensor_quant.scaling_impl(input)
        return _FakeQuantize.apply(input, scale, self._rounding)  # type: ignore[no-any-return, no-untyped-call]
