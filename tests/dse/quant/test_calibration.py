import copy

import numpy as np
import pytest
import torch

from dse.errors import DataError
from dse.formats import default_sweep, parse_format
from dse.quant.calibration import Histogram, activation_scale, weight_scales
from dse.quant.pipeline import CalibratedNetwork
from dse.quant.trace import trace


def histogram(values: np.ndarray) -> Histogram:
    counts, edges = np.histogram(values, 4096)
    return Histogram(
        centers=((edges[1:] + edges[:-1]) / 2).astype(np.float32),
        counts=counts.astype(float),
        absmax=float(np.abs(values).max()),
    )


@pytest.fixture(scope="module")
def gaussian():
    return np.random.default_rng(0).normal(size=50_000).astype(np.float32)


def error(values, number_format, scale):
    scale = np.float32(scale)
    return float(np.mean((number_format.quantize(values / scale) * scale - values) ** 2))


@pytest.mark.parametrize("number_format", default_sweep(), ids=lambda f: f.name)
def test_searched_scale_is_as_good_as_a_dense_search(number_format, gaussian):
    scale = activation_scale(histogram(gaussian), number_format, "mse", "float32")
    top = np.abs(gaussian).max() / number_format.max
    dense = min(error(gaussian, number_format, top * r) for r in np.geomspace(0.1, 1.5, 300))
    assert error(gaussian, number_format, scale) <= 1.01 * dense


def test_percentile_and_absmax_map_to_the_largest_value(gaussian):
    int8 = parse_format("int8")
    largest = np.abs(gaussian).max()
    assert activation_scale(histogram(gaussian), int8, "absmax", "float32") == pytest.approx(
        largest / 127
    )
    percentile = np.percentile(np.abs(gaussian), 99.99)
    assert activation_scale(histogram(gaussian), int8, "percentile", "float32") == pytest.approx(
        percentile / 127, rel=5e-3
    )


@pytest.mark.parametrize("method", ["mse", "percentile", "absmax"])
def test_power_of_two_scales(gaussian, method):
    scale = activation_scale(histogram(gaussian), parse_format("e2m1"), method, "power_of_two")
    assert np.frexp(scale)[0] == 0.5


def test_weight_scales_are_searched_row_by_row(gaussian):
    int4 = parse_format("int4").narrow()
    rows = gaussian.reshape(50, 1000) * np.geomspace(0.01, 10, 50, dtype=np.float32)[:, None]
    together = weight_scales(rows, int4, "mse", "float32")
    alone = [weight_scales(row[None, :], int4, "mse", "float32")[0] for row in rows]
    np.testing.assert_array_equal(together, np.array(alone, np.float32))
    assert together[-1] / together[0] == pytest.approx(1000, rel=0.2)


def test_rows_of_zeros_get_a_usable_scale():
    scales = weight_scales(np.zeros((2, 3), np.float32), parse_format("e4m3"), "mse", "float32")
    assert scales.tolist() == [1.0, 1.0]


def test_histograms_cover_the_images(calibrated, network, images):
    relu1 = torch.relu(network.bn1(network.conv1(images)))
    recorded = calibrated.histograms["relu1"]
    assert recorded.absmax == pytest.approx(relu1.max().item(), rel=1e-5)
    assert recorded.counts.sum() == pytest.approx((relu1 > 0).sum().item(), abs=5)
    assert set(calibrated.histograms) == {"relu1", "relu2", "conv3", "relu4"}


@torch.no_grad()
def test_tensors_that_are_added_have_one_histogram(seeded):
    source = seeded("resnet8")
    network = source.calibrated.network
    values = {}
    nodes = {"relu", "stack1_conv2"}

    class Recorder(torch.fx.Interpreter):
        def run_node(self, n):
            result = super().run_node(n)
            if n.name in nodes:
                values[n.name] = result.numpy().ravel()
            return result

    Recorder(network.module).run(source.images)
    assert not nodes - values.keys()
    together = np.concatenate(list(values.values()))
    recorded = source.calibrated.histograms["relu"]
    assert recorded.counts.sum() == np.count_nonzero(together)
    assert recorded.absmax == pytest.approx(np.abs(together).max())
    assert recorded.centers[0] < -1.0 < 1.0 < recorded.centers[-1]
    assert "stack1_conv2" not in source.calibrated.histograms


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_tensor_without_a_range_is_named(network, images, value):
    broken = copy.deepcopy(network)
    with torch.no_grad():
        broken.bn1.running_var[2] = value if value != value else 0.0
        broken.bn1.weight[2] = 1e38 if value == value else 1.0
        broken.bn1.eps = 1e-12
    with pytest.raises(DataError, match="NaN or Inf at 'relu1' on calibration images"):
        CalibratedNetwork.from_images(trace(broken), [images[:20], images[20:]], 1 / 16)
