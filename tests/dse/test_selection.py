import numpy as np
import pandas as pd
import pytest

from dse.errors import UserError
from dse.pareto import hypervolume
from dse.selection import (
    best_recipes,
    best_uniform,
    check_objective,
    chosen_by,
    error_and_log2_cost,
    families,
    front_of,
    hypervolume_of,
    is_maximised,
    leading,
    most_interesting,
    uniform_widths,
)


def table(*rows):
    """Rows of (name, validation %, test %, lut, dsp)."""
    columns = ["weight_format", "val_top1_pct", "test_top1_pct", "lut", "dsp"]
    return pd.DataFrame(rows, columns=columns)


SMALL = table(
    ("cheap", 80.0, 81.0, 100, 0),
    ("overfit", 90.0, 70.0, 200, 0),
    ("lucky", 85.0, 99.0, 300, 0),
    ("dear", 95.0, 94.0, 400, 0),
)


class TestObjectives:
    @pytest.mark.parametrize("column", ["val_top1_pct", "test_top1_pct", "compute_fps", "fmax_mhz"])
    def test_more_is_better(self, column):
        assert is_maximised(column)

    @pytest.mark.parametrize("column", ["lut", "dsp", "weight_kib", "latency_us", "ii_cycles"])
    def test_less_is_better(self, column):
        assert not is_maximised(column)

    def test_test_accuracy_never_chooses(self):
        assert chosen_by("test_top1_pct") == "val_top1_pct"
        assert chosen_by("lut") == "lut"

    @pytest.mark.parametrize(
        ("column", "message"),
        [
            ("luts", "did you mean 'lut'"),
            ("test_top1", "did you mean 'test_top1_pct'"),
            ("zzz", "known: val_top1_pct"),
            ("weight_format", "'weight_format' holds no numbers"),
        ],
    )
    def test_what_is_no_objective_is_refused(self, column, message):
        with pytest.raises(UserError, match=message):
            check_objective(SMALL, column)

    def test_truth_values_are_no_objective(self):
        with pytest.raises(UserError, match="no numbers"):
            check_objective(SMALL.assign(signed=True), "signed")


class TestFrontOf:
    def test_chooses_on_validation(self):
        best = front_of(SMALL, ("lut", "test_top1_pct"))
        assert best["weight_format"].tolist() == ["cheap", "overfit", "dear"]

    def test_is_sorted_by_its_first_objective(self):
        best = front_of(SMALL, ("val_top1_pct", "lut"))
        assert best["weight_format"].tolist() == ["dear", "overfit", "cheap"]

    def test_a_third_objective_keeps_more(self):
        rows = SMALL.assign(dsp=[9, 9, 0, 9])
        best = front_of(rows, ("lut", "test_top1_pct", "dsp"))
        assert set(best["weight_format"]) == {"cheap", "overfit", "lucky", "dear"}

    def test_equal_rows_stay_together(self):
        twice = pd.concat([SMALL, SMALL], ignore_index=True)
        assert len(front_of(twice, ("lut", "val_top1_pct"))) == 6

    def test_rows_without_a_number_are_left_out(self):
        rows = SMALL.assign(val_top1_pct=[np.nan, 90.0, 85.0, np.nan])
        best = front_of(rows, ("lut", "test_top1_pct"))
        assert best["weight_format"].tolist() == ["overfit"]

    def test_no_rows(self):
        assert front_of(SMALL.iloc[:0].astype(object), ("lut", "test_top1_pct")).empty


class TestFamilies:
    def test_both_formats_decide(self):
        rows = pd.DataFrame(
            {
                "weight_family": ["int", "minifloat", "int", "minifloat", "mixed", "mixed"],
                "act_family": ["int", "minifloat", "minifloat", "int", "int", "mixed"],
            }
        )
        assert families(rows).tolist() == ["integer", "minifloat", *["mixed"] * 4]


class TestBestUniform:
    def rows(self, **changes):
        rows = pd.DataFrame(
            {
                "weight_format": ["a", "b", "c", "d", "e"],
                "weight_family": ["int", "int", "int", "minifloat", "int"],
                "act_family": ["int", "int", "int", "minifloat", "int"],
                "weight_bits": [4, 4, 4, 4, 5],
                "act_bits": [4, 4, 4, 4, 4],
                "val_top1_pct": [70.0, 80.0, 80.0, 90.0, 99.0],
                "test_top1_pct": [99.0, 10.0, 20.0, 30.0, 40.0],
                "lut": [1, 3, 2, 4, 5],
            }
        )
        return rows.assign(**changes)

    def test_validation_chooses_then_cost(self):
        assert best_uniform(self.rows(), "integer", 4)["weight_format"] == "c"
        assert best_uniform(self.rows(lut=1), "integer", 4)["weight_format"] == "b"
        assert best_uniform(self.rows(), "minifloat", 4)["weight_format"] == "d"

    def test_none_where_there_is_none(self):
        assert best_uniform(self.rows(), "integer", 5) is None
        assert best_uniform(self.rows(), "mixed", 4) is None
        assert best_uniform(self.rows(val_top1_pct=np.nan), "integer", 4) is None

    def test_widths_are_those_shared(self):
        assert uniform_widths(self.rows()) == [4]
        assert uniform_widths(self.rows(weight_bits=[8, 4, 3, 3, 3], act_bits=[8, 4, 3, 3, 4])) == [
            3,
            4,
            8,
        ]


class TestInteresting:
    def test_hypervolume_is_in_error_and_log2_cost(self):
        """Steps (20, log2 100), (10, log2 200) below (25, log2 400)."""
        rows = table(("a", 80.0, 0.0, 100, 0), ("b", 90.0, 0.0, 200, 0))
        assert hypervolume_of(rows, (25.0, np.log2(400))) == pytest.approx(5 * 2 + 10 * 1)

    def test_rows_without_a_number_do_not_count(self):
        rows = SMALL.assign(val_top1_pct=[80.0, np.nan, np.nan, np.nan])
        assert hypervolume_of(rows, (30.0, 10.0)) == hypervolume_of(SMALL.iloc[:1], (30.0, 10.0))

    def test_the_knee_comes_first(self):
        rows = table(
            ("cheapest", 50.0, 0.0, 100, 0),
            ("knee", 90.0, 0.0, 128, 0),
            ("best", 91.0, 0.0, 1000, 0),
        )
        best = most_interesting(front_of(rows, ("lut", "test_top1_pct")), (60.0, 12.0), count=2)
        assert best["weight_format"].tolist() == ["knee", "cheapest"]

    def test_contributions_order_the_study(self, evaluations):
        best = front_of(evaluations, ("lut", "test_top1_pct"))
        reference = (40.0, 14.0)
        five = most_interesting(best, reference)
        points = error_and_log2_cost(best)
        whole = hypervolume(points, reference)
        lost = [
            whole - hypervolume(np.delete(points, row, axis=0), reference)
            for row in range(len(best))
        ]
        expected = best.iloc[np.argsort(-np.array(lost))[:5]]
        assert five["digest"].tolist() == expected["digest"].tolist()

    def test_points_outside_the_reference_follow_by_accuracy(self):
        best = front_of(SMALL, ("lut", "test_top1_pct"))
        names = most_interesting(best, (1.0, 1.0))["weight_format"].tolist()
        assert names == ["dear", "overfit", "cheap"]

    def test_dsp_blocks_count_where_they_differ(self):
        rows = table(("logic", 90.0, 0.0, 512, 0), ("dsp", 90.0, 0.0, 128, 40))
        best = front_of(rows, ("lut", "test_top1_pct", "dsp"))
        five = most_interesting(best, (20.0, 8.5))
        assert five["weight_format"].tolist() == ["dsp", "logic"]

    def test_a_short_front_is_followed_by_the_one_behind_it(self):
        rows = table(
            ("best", 90.0, 0.0, 100, 0), ("next", 89.0, 0.0, 110, 0), ("last", 1.0, 1.0, 120, 0)
        )  # fmt: skip
        columns, reference = ("lut", "test_top1_pct"), (60.0, 12.0)
        names = leading(rows, columns, reference)["weight_format"].tolist()
        assert names == ["best", "next", "last"]
        assert len(leading(rows, columns, reference, count=2)) == 2

    def test_no_rows(self):
        assert leading(SMALL.iloc[:0], ("lut", "test_top1_pct"), (20.0, 10.0)).empty
        assert most_interesting(SMALL.iloc[:0], (20.0, 10.0)).empty


def test_of_rows_that_differ_in_their_recipe_the_best_on_validation_stays():
    columns = ["cost_key", "recipe", "val_top1_pct", "test_top1_pct"]
    rows = [
        ("a", "none", 80.0, 99.0), ("b", "none", 70.0, 70.0), ("a", "gptq", 81.0, 50.0),
        ("b", "gptq", 70.0, 90.0), ("c", "none", float("nan"), 90.0), ("c", "gptq", 60.0, 60.0),
    ]  # fmt: skip
    best = best_recipes(pd.DataFrame(rows, columns=columns))
    assert list(zip(best["cost_key"], best["recipe"], strict=True)) == [
        ("b", "none"),
        ("a", "gptq"),
        ("c", "gptq"),
    ]
