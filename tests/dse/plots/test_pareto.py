import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from dse.errors import UserError
from dse.plots import pareto
from dse.plots.style import FAMILY_STYLES
from dse.selection import FAMILIES, families, front_of


def coloured(axes):
    """Return family -> places of its points on the front, read off the drawing."""
    names = {FAMILY_STYLES[family].name: family for family in FAMILIES}
    return {
        names[points.get_label()]: {tuple(place) for place in points.get_offsets().tolist()}
        for points in axes.collections
        if points.get_label() in names
    }


def labels(axes):
    return [text for text in axes.texts if "/" in text.get_text() and ":" not in text.get_text()]


def boxes_of_labels(axes):
    """Return where the words are, without the lines that lead to them."""
    axes.figure.draw_without_rendering()
    return [Text.get_window_extent(label) for label in labels(axes)]


class TestPareto:
    def test_draws_without_pyplot(self, evaluations):
        before = plt.get_fignums()
        assert isinstance(pareto(evaluations), Axes)
        assert plt.get_fignums() == before

    def test_the_front_is_chosen_on_validation_and_shown_on_test(self, evaluations):
        best = front_of(evaluations, ("lut", "val_top1_pct"))
        expected = {
            family: set(
                map(
                    tuple,
                    best.loc[families(best) == family, ["lut", "test_top1_pct"]]
                    .to_numpy()
                    .tolist(),
                )
            )
            for family in FAMILIES
        }
        found = coloured(pareto(evaluations))
        assert found == {family: places for family, places in expected.items() if places}
        assert "chosen on validation" in " ".join(t.get_text() for t in pareto(evaluations).texts)

    def test_steps_go_through_the_front_point_by_point(self, evaluations):
        axes = pareto(evaluations, y="val_top1_pct")
        (line,) = [line for line in axes.lines if line.get_label() == "front"]
        xs, ys = line.get_data()
        assert (np.diff(xs) >= 0).all()
        assert (np.diff(ys) >= 0).all()
        assert ((np.diff(xs) == 0) | (np.diff(ys) == 0)).all()
        best = front_of(evaluations, ("lut", "val_top1_pct"))
        corners = set(zip(xs.tolist(), ys.tolist(), strict=True))
        assert set(zip(best["lut"], best["val_top1_pct"], strict=True)) <= corners

    def test_axes_are_named_with_units_and_cost_is_logarithmic(self, evaluations):
        axes = pareto(evaluations)
        assert axes.get_xlabel() == "hardware cost [LUT]"
        assert axes.get_ylabel() == "test top-1 accuracy [%]"
        assert axes.get_xscale() == "log"

    def test_a_column_without_an_entry_is_named_as_it_is(self, evaluations):
        evaluations["peak_power_mw"] = evaluations["lut"] / 7
        assert pareto(evaluations, x="peak_power_mw").get_xlabel() == "peak power mw"

    def test_references_are_marked(self, evaluations):
        axes = pareto(evaluations, float_pct=91.75)
        handles = [text.get_text() for text in axes.get_legend().get_texts()]
        assert "float32, 91.75 %" in handles
        assert "int8 / int8" in handles
        (ring,) = [c for c in axes.collections if c.get_label() == "int8 / int8"]
        row = evaluations[
            (evaluations.weight_format == "int8") & (evaluations.act_format == "int8")
        ]
        assert ring.get_offsets().tolist() == row[["lut", "test_top1_pct"]].to_numpy().tolist()

    def test_labels_collide_neither_with_each_other_nor_with_points(self, evaluations):
        axes = pareto(evaluations, float_pct=91.75)
        boxes = boxes_of_labels(axes)
        assert len(boxes) == len(front_of(evaluations, ("lut", "test_top1_pct")))
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i])
            assert axes.bbox.contains(box.x0, box.y0)
            assert axes.bbox.contains(box.x1, box.y1)
        places = [place for group in coloured(axes).values() for place in group]
        for x, y in axes.transData.transform(places):
            assert not any(box.contains(x, y) for box in boxes)

    def test_labels_that_find_no_room_are_left_out(self, evaluations):
        figure = Figure(figsize=(1.6, 1.2))
        axes = pareto(evaluations, ax=figure.subplots())
        boxes = boxes_of_labels(axes)
        assert len(boxes) < len(front_of(evaluations, ("lut", "test_top1_pct")))
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])

    def test_no_type_is_smaller_than_6_points(self, evaluations):
        axes = pareto(evaluations, float_pct=91.75)
        sizes = [text.get_fontsize() for text in axes.figure.findobj(Text) if text.get_text()]
        assert min(sizes) >= 6

    def test_families_differ_in_colour_and_marker(self):
        styles = [FAMILY_STYLES[family] for family in FAMILIES]
        assert len({style.colour for style in styles}) == len(styles)
        assert len({style.marker for style in styles}) == len(styles)

    def test_poor_points_leave_the_axes_and_are_counted(self, evaluations):
        worse = evaluations.copy()
        worse.loc[worse.index[-7:], "test_top1_pct"] = 3.0
        worse.loc[worse.index[-7:], "val_top1_pct"] = 3.0
        axes = pareto(worse)
        assert axes.get_ylim()[0] > 3
        hidden = int((worse["test_top1_pct"] < axes.get_ylim()[0]).sum())
        assert f"↓ {hidden} further down" in [text.get_text() for text in axes.texts]

    def test_of_few_points_all_are_seen(self, evaluations):
        few = evaluations.iloc[:24].copy()
        few.loc[few.index[-1], ["test_top1_pct", "val_top1_pct"]] = 3.0
        assert pareto(few).get_ylim()[0] < 3

    def test_further_objectives_give_a_line_for_each_value(self, evaluations):
        evaluations["dsp"] = np.arange(len(evaluations)) % 3
        axes = pareto(evaluations, also=("dsp",))
        lines = [line.get_label() for line in axes.lines if line.get_label().startswith("front")]
        assert lines == [f"front at {n} DSP blocks" for n in range(3)]
        best = front_of(evaluations, ("lut", "test_top1_pct", "dsp"))
        assert sum(map(len, coloured(axes).values())) == len(
            best[["lut", "test_top1_pct"]].drop_duplicates()
        )

    def test_many_values_of_a_further_objective_go_into_the_labels(self, evaluations):
        evaluations["dsp"] = np.arange(len(evaluations)) % 30
        axes = pareto(evaluations, also=("dsp",))
        assert not [line for line in axes.lines if line.get_label().startswith("front")]
        assert all(text.get_text().endswith(" DSP blocks") for text in labels(axes))

    def test_costs_of_zero_make_a_linear_axis(self, evaluations):
        evaluations["dsp"] = np.arange(len(evaluations)) % 3
        assert pareto(evaluations, x="dsp").get_xscale() == "linear"

    def test_axes_given_are_drawn_on(self, evaluations):
        axes = Figure().subplots()
        assert pareto(evaluations, ax=axes) is axes


class TestPoorData:
    def test_no_evaluations(self, evaluations):
        axes = pareto(evaluations.iloc[:0])
        assert [text.get_text() for text in axes.texts] == ["no evaluations"]

    def test_one_point(self, evaluations):
        axes = pareto(evaluations.iloc[:1], float_pct=91.0)
        assert [text.get_text() for text in labels(axes)] == ["int3/int3"]

    def test_all_equal(self, evaluations):
        few = evaluations.iloc[:3].copy()
        few[["lut", "val_top1_pct", "test_top1_pct"]] = [1000, 90.0, 90.0]
        assert sum(map(len, coloured(pareto(few)).values())) == 1

    def test_a_perfect_point_stays_on_the_axes(self, evaluations):
        evaluations[["val_top1_pct", "test_top1_pct"]] = 100.0
        axes = pareto(evaluations)
        assert 100 < axes.get_ylim()[1] < 101

    def test_points_without_a_value_are_left_out(self, evaluations):
        evaluations["lut"] = evaluations["lut"].astype(float)
        evaluations.loc[evaluations.index[::2], "lut"] = np.nan
        left = evaluations.dropna()
        assert coloured(pareto(evaluations)) == coloured(pareto(left))

    def test_a_column_without_any_value_gives_an_empty_figure(self, evaluations):
        evaluations["test_top1_pct"] = np.nan
        axes = pareto(evaluations)
        assert [text.get_text() for text in axes.texts] == ["no evaluations"]

    @pytest.mark.parametrize(
        ("x", "message"), [("lutt", "mean 'lut'"), ("act_format", "no numbers")]
    )
    def test_a_column_that_is_no_objective_is_refused(self, evaluations, x, message):
        with pytest.raises(UserError, match=message):
            pareto(evaluations, x=x)
