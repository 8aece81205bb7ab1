import pytest

from dse.intervals import wilson
from dse.plots import by_bits
from dse.selection import best_uniform


def bars(axes):
    """Return label -> (points, interval ends), read off the drawing."""
    return {
        bar.get_label(): (bar.lines[0].get_xydata(), bar.lines[2][0].get_segments())
        for bar in axes.containers
    }


def test_shows_the_best_of_each_width_with_its_interval(evaluations):
    points, ends = bars(by_bits(evaluations))["integer, 95 % interval"]
    assert points[:, 0].round().tolist() == [3, 4, 5, 6, 7, 8]
    for (_, y), segment, bits in zip(points, ends, range(3, 9), strict=True):
        row = best_uniform(evaluations, "integer", bits)
        expected = wilson(round(row["test_top1_pct"] * row["n_test"] / 100), row["n_test"])
        assert y == row["test_top1_pct"]
        assert segment[:, 1].tolist() == pytest.approx([expected.low_pct, expected.high_pct])


def test_a_single_width_is_marked_as_a_whole_number(evaluations):
    axes = by_bits(evaluations[evaluations["weight_bits"] == 3])
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [3.0]


def test_names_the_formats(evaluations):
    texts = {text.get_text() for text in by_bits(evaluations).texts}
    assert {"int3", "int8", "e2m0", "e2m1", "e4m3"} <= texts


def test_a_width_without_a_family_has_no_point(evaluations):
    few = evaluations[evaluations["weight_format"] != "e2m1"]
    points, _ = bars(by_bits(few))["minifloat, 95 % interval"]
    assert points[:, 0].round().tolist() == [3, 5, 6, 8]


def test_the_float_network_is_a_line(evaluations):
    axes = by_bits(evaluations, float_pct=91.75)
    assert axes.get_legend().get_texts()[0].get_text() == "float32, 91.75 %"


@pytest.mark.parametrize("rows", [slice(0, 0), slice(1, 2)])
def test_nothing_to_show_is_said(evaluations, rows):
    (text,) = by_bits(evaluations.iloc[rows]).texts
    assert text.get_text().startswith("no point with weights and activations of one width")
