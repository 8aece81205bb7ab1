from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.errors import DesignError
from dse.formats import default_sweep, parse_format
from hw_models.cost import estimate, estimate_points
from hw_models.folding import fold
from hw_models.graph import Accelerator, Pool, PoolKind, Requantize

FORMATS = (*default_sweep(), parse_format("uint5"), parse_format("ue3m3"))
N_SWEEP = 24
FIRST = 24


def assert_equal_to_scalar(table, row, template, weights, acts, foldings, device, dsp):
    accelerator = template.with_formats([FORMATS[i] for i in weights], [FORMATS[i] for i in acts])
    report = estimate(accelerator, foldings, device, dsp)
    total = report.resources
    assert (table.lut[row], table.ff[row], table.dsp[row], table.bram18[row]) == (
        total.lut, total.ff, total.dsp, total.bram18,
    )  # fmt: skip
    assert table.weight_bits[row] == report.weight_bits
    assert table.weight_kib[row] == report.weight_kib
    assert table.lut_per_mac[row] == report.lut_per_mac
    assert table.ii_cycles[row] == report.ii_cycles
    layers = [0] * len(template.mvaus)
    owners = {"": 0}
    for node, layer in zip(report.per_node, template.layer_of_node, strict=True):
        owners[node.name] = layer
        layers[layer] += node.resources.lut
    for stream in report.between:
        layers[owners[stream.sink or stream.source]] += stream.resources.lut
    assert table.layer_lut[row].tolist() == layers


@pytest.mark.parametrize(("device", "dsp"), [("xcup", "auto"), ("ecp5", "none")])
def test_all_576_pairs_equal_the_readable_path(make_cnn, device, dsp):
    template = make_cnn()
    foldings = fold(template, 500)
    pairs = np.array(list(product(range(N_SWEEP), repeat=2)))
    weights = np.repeat(pairs[:, :1], 4, axis=1)
    acts = np.repeat(pairs[:, 1:], 4, axis=1)
    acts[:, 0] = FIRST
    table = estimate_points(template, FORMATS, weights, acts, foldings, device, dsp)
    assert table.layer_lut.shape == (576, 4)
    for row in range(576):
        assert_equal_to_scalar(table, row, template, weights[row], acts[row], foldings, device, dsp)


@given(
    st.lists(
        st.lists(st.integers(0, len(FORMATS) - 1), min_size=8, max_size=8), min_size=1, max_size=4
    ),
    st.sampled_from(["xc7", "ice40"]),
    st.sampled_from(["none", "auto"]),
    st.sampled_from([100, 1000]),
)
@settings(max_examples=40)
def test_mixed_formats_equal_the_readable_path(make_cnn, indices, device, dsp, target_ii):
    template = make_cnn()
    foldings = fold(template, target_ii)
    index = np.array(indices)
    weights, acts = index[:, :4], index[:, 4:]
    table = estimate_points(template, FORMATS, weights, acts, foldings, device, dsp)
    for row in range(len(index)):
        assert_equal_to_scalar(table, row, template, weights[row], acts[row], foldings, device, dsp)


def test_nodes_behind_the_last_layer_keep_their_formats(make_mvau):
    int8 = parse_format("int8")
    mvau = make_mvau(mw=8, mh=4, vectors=16)
    largest, mean = (
        Pool(
            name=reduce.value,
            reduce=reduce,
            kernel=(2, 2),
            stride=(2, 2),
            channels=4,
            height=side,
            width=side,
            act=int8,
        )
        for reduce, side in ((PoolKind.MAX, 4), (PoolKind.AVERAGE, 2))
    )
    template = Accelerator(
        nodes=(
            mvau,
            Requantize.after(mvau, name="q", output=int8),
            largest,
            mean,
            Requantize.after(mean, name="end", output=int8),
        )
    )
    foldings = fold(template, 200)
    index = np.array([[3], [10]])
    table = estimate_points(template, FORMATS, index, index, foldings, "xcup", "none")
    for row in range(2):
        assert_equal_to_scalar(
            table, row, template, index[row], index[row], foldings, "xcup", "none"
        )


def test_no_points_cost_nothing(make_cnn):
    template = make_cnn()
    empty = np.zeros((0, 4), dtype=np.int64)
    table = estimate_points(template, FORMATS, empty, empty, fold(template, 500), "xcup", "none")
    assert table.lut.shape == table.ii_cycles.shape == (0,)


def test_bad_indices_are_refused(make_cnn):
    template = make_cnn()
    foldings = fold(template, 500)
    good = np.zeros((3, 4), dtype=np.int64)
    for weights, acts, message in (
        (good[:, :3], good, r"shape \(points, 4\)"),
        (good, good + len(FORMATS), "must lie in 0"),
        (good, good - 1, "must lie in 0"),
        (good[:2], good, "one shape"),
    ):
        with pytest.raises(DesignError, match=message):
            estimate_points(template, FORMATS, weights, acts, foldings, "xcup", "none")
