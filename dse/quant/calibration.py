"""Scales from data: one histogram a tensor of the float network, searched for each format."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import fx

from dse.errors import DataError
from dse.formats import Format
from dse.point import ActRange, Scale, WeightRange
from dse.quant.kernels import FloatArray, rounding_of, scale_errors
from dse.quant.trace import TracedNetwork

BINS = 4096
PERCENTILE = 99.99
# Candidate scales are absmax / format.max times these: from a little above (a coarse grid may
# round its largest value down) to clipping at an eighth, in steps of 2.2 %.
_RATIOS = 2.0 ** (np.arange(16, -97, -1) / 32)
_POWERS_OF_TWO = np.array([2.0, 1.0, 0.5, 0.25, 0.125, 0.0625])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Distribution of a tensor's values over the calibration images; exact zeros left out.

    Attributes:
        centers: Middle of each bin, shape `(BINS,)`, float32.
        counts: Values a bin, shape `(BINS,)`.
        absmax: Largest magnitude, exact.
    """

    centers: FloatArray
    counts: npt.NDArray[np.float64]
    absmax: float

    def percentile(self, percent: float) -> float:
        """Return the magnitude that `percent` of the nonzero values do not exceed."""
        magnitude = np.abs(self.centers)
        order = np.argsort(magnitude, kind="stable")
        share = np.cumsum(self.counts[order]) / max(self.counts.sum(), 1.0)
        index = int(np.searchsorted(share, percent / 100.0))
        return float(magnitude[order][min(index, BINS - 1)])


class _Recorder(fx.Interpreter):
    """Runs a graph and hands chosen nodes' outputs to a function."""

    def __init__(self, module: fx.GraphModule, nodes: frozenset[str]) -> None:
        super().__init__(module)
        self._nodes = nodes
        self.recorded: dict[str, FloatArray] = {}

    def run_node(self, n: fx.Node) -> object:
        result = super().run_node(n)
        if n.name in self._nodes:
            self.recorded[n.name] = result.detach().numpy()
        return result


def calibrate(network: TracedNetwork, batches: Iterable[torch.Tensor]) -> dict[str, Histogram]:
    """Return the joint histogram of each group of tensors of the float network, by group.

    Two passes over the images: the range, then the counts. The input's tensor is left out: its
    quantizer is the data set's.

    Args:
        network: Float network.
        batches: Input images, real values, shape `(n, c, h, w)` each; walked through twice.

    Raises:
        DataError: A tensor holds NaN or Inf.
    """
    groups = {
        tensor.name: tensor.group for tensor in network.tensors if tensor.name != network.input
    }
    batches = list(batches)
    recorder = _Recorder(network.module, frozenset(groups))
    low = dict.fromkeys(groups.values(), np.inf)
    high = dict.fromkeys(groups.values(), -np.inf)
    counts = {group: np.zeros(BINS) for group in low}
    with torch.no_grad():
        for batch in batches:
            recorder.run(batch)
            for name, values in recorder.recorded.items():
                if not np.isfinite(values).all():
                    raise DataError(
                        f"the float network gives NaN or Inf at '{name}' on calibration images, so "
                        "there is no range to quantize it in; look at its weights"
                    )
                group = groups[name]
                low[group] = min(low[group], float(values.min()))
                high[group] = max(high[group], float(values.max()))
        for batch in batches:
            recorder.run(batch)
            for name, values in recorder.recorded.items():
                group, nonzero = groups[name], values[values != 0]
                counts[group] += np.histogram(nonzero, BINS, (low[group], high[group]))[0]
    histograms = {}
    for group in sorted(low):
        edges = np.linspace(low[group], high[group], BINS + 1)
        histograms[group] = Histogram(
            centers=((edges[:-1] + edges[1:]) / 2).astype(np.float32),
            counts=counts[group],
            absmax=max(abs(low[group]), abs(high[group])),
        )
    return histograms


def activation_scale(
    histogram: Histogram, number_format: Format, method: ActRange, kind: Scale
) -> float:
    """Return the scale of a tensor for a format, a float32 value.

    Args:
        histogram: Distribution of the tensor.
        number_format: Format of the tensor.
        method: `mse` searches for least squared error; `percentile` maps the 99.99 percentile of
            magnitudes, `absmax` the largest one, to the format's largest value.
        kind: `float32`, or `power_of_two` (next above for percentile and absmax).
    """
    reach = histogram.percentile(PERCENTILE) if method == "percentile" else histogram.absmax
    search = method == "mse"
    return float(
        _scales(
            histogram.centers[None, :],
            histogram.counts,
            np.array([reach], np.float32),
            number_format,
            search=search,
            kind=kind,
        )[0]
    )


def weight_scales(
    weight: FloatArray, number_format: Format, method: WeightRange, kind: Scale
) -> FloatArray:
    """Return the scale of each row of weights for a format, shape `(rows,)`.

    Args:
        weight: Weights, shape `(rows, n)`: a row is an output channel, or the whole tensor.
        number_format: Format of the weights; integers should be in narrow range.
        method: `mse` or `absmax`, as in `activation_scale`.
        kind: `float32` or `power_of_two`.
    """
    reach = np.abs(weight).max(axis=1)
    ones = np.ones(weight.shape[1])
    return _scales(weight, ones, reach, number_format, search=method == "mse", kind=kind)


def _scales(
    values: FloatArray,
    counts: npt.NDArray[np.float64],
    reach: FloatArray,
    number_format: Format,
    *,
    search: bool,
    kind: Scale,
) -> FloatArray:
    """Return one scale a row of `values`; rows that are all zero get scale 1."""
    base = np.where(reach > 0, reach, number_format.max) / number_format.max
    if kind == "power_of_two":
        base = 2.0 ** np.ceil(np.log2(base))
    if not search:
        return base.astype(np.float32)
    ratios = _POWERS_OF_TWO if kind == "power_of_two" else _RATIOS
    candidates = (base[:, None] * ratios[None, :]).astype(np.float32)
    errors = scale_errors(
        np.ascontiguousarray(values), counts, candidates, rounding_of(number_format)
    )
    best: FloatArray = candidates[np.arange(len(base)), errors.argmin(axis=1)]
    return np.where(reach > 0, best, base).astype(np.float32)
