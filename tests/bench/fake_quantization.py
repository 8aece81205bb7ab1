"""16 M float32 values: our kernel against Brevitas' forward and against a plain copy."""

import brevitas.nn as qnn
import torch

from dse.formats import parse_format
from dse.quant.kernels import fake_quantize, rounding_of
from dse.quant.quantizers import activation_quantizer
from tests.bench.timing import interleaved

VALUES = 16 * 2**20
SCALES = {"e4m3": 0.01, "e2m1": 0.7, "int8": 0.03}


@torch.no_grad()
def run() -> dict[str, object]:
    """Aim: at most 1.5 times the copy, over 50 times faster than Brevitas."""
    x = torch.randn(VALUES, generator=torch.Generator().manual_seed(0))
    out = torch.empty_like(x)
    result: dict[str, object] = {"values": VALUES}
    for name, scale in SCALES.items():
        number_format = parse_format(name)
        rounding = rounding_of(number_format)
        brevitas = qnn.QuantIdentity(act_quant=activation_quantizer(number_format, scale)).eval()
        fake_quantize(x.numpy(), scale, rounding, out.numpy())
        assert torch.equal(out, brevitas(x)), f"{name}: the two differ, so the ratio says nothing"
        times = interleaved(
            {
                "ours": lambda s=scale, r=rounding: fake_quantize(x.numpy(), s, r, out.numpy()),
                "copy": lambda: out.copy_(x),
                "brevitas": lambda module=brevitas: module(x),
            },
            rounds=7,
        )
        ours = times["ours"].best_s
        result[name] = {
            "times": times,
            "ours_over_copy": ours / times["copy"].best_s,
            "brevitas_over_ours": times["brevitas"].best_s / ours,
        }
    return result
