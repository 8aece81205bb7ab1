"""How much each layer loses in each format, from weights and calibration statistics alone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from dse.formats import Format
from dse.metrics import sqnr_db
from dse.point import ActRange, Granularity, Scale, Scheme, WeightRange
from dse.quant.calibration import activation_scale, weight_scales
from dse.quant.kernels import FloatArray
from dse.quant.pipeline import CalibratedNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSqnr:
    """Signal over quantization error of a layer's operands in one format.

    Attributes:
        layer: Name of the layer.
        format: Name of the format; integer weights use its narrow range.
        weight_sqnr_db: Of its weights [dB]; inf where none changes.
        act_sqnr_db: Of its inputs over the calibration images [dB]; inf for the network's input,
            whose codes are the data's.
    """

    layer: str
    format: str
    weight_sqnr_db: float
    act_sqnr_db: float


class Sensitivity:
    """SQNR of a network's layers in any format. No image is classified."""

    def __init__(
        self,
        calibrated: CalibratedNetwork,
        *,
        granularity: Granularity = "per_channel",
        scale: Scale = "float32",
        act_range: ActRange = "mse",
        weight_range: WeightRange = "mse",
    ) -> None:
        """Look at a network.

        Args:
            calibrated: Float network with its calibration statistics.
            granularity: As all that follow, see `Scheme`.
            scale: Values a scale may take.
            act_range: How activation scales are found.
            weight_range: How weight scales are found.
        """
        network = calibrated.network
        groups = {tensor.name: tensor.group for tensor in network.tensors}
        self._scale, self._act_range, self._weight_range = scale, act_range, weight_range
        self._weights = {
            layer.name: _rows(network.module.get_submodule(layer.name), granularity)
            for layer in network.layers
        }
        self._histograms = {
            layer.name: calibrated.histograms.get(groups[layer.tensor]) for layer in network.layers
        }
        self._known: dict[tuple[str, str, Format], float] = {}

    def rows(self, formats: Sequence[Format]) -> Iterator[LayerSqnr]:
        """Yield every layer in every format, layer by layer."""
        for layer in self._weights:
            for number_format in formats:
                yield LayerSqnr(
                    layer=layer,
                    format=number_format.name,
                    weight_sqnr_db=self.weight_sqnr_db(layer, number_format),
                    act_sqnr_db=self.act_sqnr_db(layer, number_format),
                )

    def weight_sqnr_db(self, layer: str, number_format: Format) -> float:
        """Return the SQNR of a layer's weights; integers in narrow range [dB]."""
        key = ("weight", layer, number_format)
        if key not in self._known:
            weight, narrow = self._weights[layer], number_format.narrow()
            scales = weight_scales(weight, narrow, self._weight_range, self._scale)[:, None]
            self._known[key] = sqnr_db(weight, narrow.quantize(weight / scales) * scales)
        return self._known[key]

    def act_sqnr_db(self, layer: str, number_format: Format) -> float:
        """Return the SQNR of a layer's inputs over the calibration images [dB]."""
        key = ("act", layer, number_format)
        if key not in self._known:
            histogram = self._histograms[layer]
            if histogram is None:
                return math.inf
            scale = np.float32(
                activation_scale(histogram, number_format, self._act_range, self._scale)
            )
            values, weights = histogram.centers, np.sqrt(histogram.counts)
            quantized = number_format.quantize(values / scale) * scale
            self._known[key] = sqnr_db(weights * values, weights * quantized)
        return self._known[key]

    def predicted_sqnr_db(self, scheme: Scheme) -> float:
        """Return the SQNR of a whole network by its layers' [dB].

        Errors of weights, of activations and of layers are taken as small and independent, so that
        their shares of the signal's power add up.
        """
        levels = [self.weight_sqnr_db(layer.layer, layer.weight) for layer in scheme.layers]
        levels += [self.act_sqnr_db(layer.layer, layer.act) for layer in scheme.layers]
        noise = sum(10 ** (-level / 10) for level in levels)
        return -10 * math.log10(noise) if noise > 0 else math.inf


def _rows(layer: nn.Module, granularity: Granularity) -> FloatArray:
    """Return a layer's weights, a row for each scale."""
    assert isinstance(layer, nn.Conv2d | nn.Linear), "trace() admits no other"
    weight: FloatArray = layer.weight.detach().numpy()
    return weight.reshape(len(weight) if granularity == "per_channel" else 1, -1)
