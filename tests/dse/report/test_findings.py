import numpy as np
import pytest

from dse.errors import DataError
from dse.intervals import compare_paired
from dse.report import find
from dse.selection import best_uniform, front_of, hypervolume_of


def test_the_front_is_chosen_on_validation(header, evaluations):
    findings = find(header, evaluations, 121)
    expected = front_of(evaluations, ("lut", "val_top1_pct"))
    assert findings.front["digest"].tolist() == expected["digest"].tolist()
    assert findings.n_incomplete == 0


def test_test_accuracy_decides_nothing_but_the_comparison(header, evaluations):
    shuffled = evaluations.assign(test_top1_pct=evaluations["test_top1_pct"].to_numpy()[::-1])
    one, other = find(header, evaluations, 121), find(header, shuffled, 121)
    assert one.front["digest"].tolist() == other.front["digest"].tolist()
    assert one.interesting["digest"].tolist() == other.interesting["digest"].tolist()
    assert one.hypervolume == other.hypervolume
    assert [w.integer["digest"] for w in one.widths] == [w.integer["digest"] for w in other.widths]


def test_hypervolume_is_below_the_headers_reference(header, evaluations):
    reference = (header.reference.error_pct, header.reference.log2_cost)
    found = find(header, evaluations, 121).hypervolume
    assert found == hypervolume_of(evaluations, reference) > 0


def test_five_interesting_points_are_of_the_front(header, evaluations):
    findings = find(header, evaluations, 121)
    assert len(findings.interesting) == 5
    assert set(findings.interesting["digest"]) <= set(findings.front["digest"])


def test_each_width_compares_the_best_of_both_families(header, evaluations):
    findings = find(header, evaluations, 121)
    assert [width.bits for width in findings.widths] == [3, 4, 5, 6, 7, 8]
    on_front = set(findings.front["digest"])
    for width in findings.widths:
        integer = best_uniform(evaluations, "integer", width.bits)
        minifloat = best_uniform(evaluations, "minifloat", width.bits)
        assert width.integer["digest"] == integer["digest"]
        assert width.integer_on_front == (integer["digest"] in on_front)
        if minifloat is None:
            assert width.bits == 7
            assert (width.comparison, width.verdict) == (None, "")
        else:
            bitmaps = integer["test_correct"], minifloat["test_correct"]
            assert width.comparison == compare_paired(*bitmaps, integer["n_test"])
            difference = integer["test_top1_pct"] - minifloat["test_top1_pct"]
            assert width.comparison.difference_pct == pytest.approx(difference)


@pytest.mark.parametrize(
    ("integer", "minifloat", "verdict"),
    [
        (b"\xff", b"\x0f", "integer better"),
        (b"\x0f", b"\xff", "minifloat better"),
        (b"\xf0", b"\x0f", "not distinguishable"),
    ],
)
def test_the_words_follow_the_interval(header, evaluations, integer, minifloat, verdict):
    n_bytes = int(evaluations["n_test"].iloc[0]) // 8
    evaluations["test_correct"] = [
        (integer if family == "int" else minifloat) * n_bytes
        for family in evaluations["weight_family"]
    ]
    widths = find(header, evaluations, 121).widths
    assert {width.verdict for width in widths if width.comparison} == {verdict}


def test_dsp_blocks_are_a_third_objective_where_they_may_be_used(dsp_study_folder):
    from dse.report import read_findings

    findings = read_findings(dsp_study_folder)
    assert findings.objectives == ("lut", "test_top1_pct", "dsp")
    expected = front_of(findings.evaluations, ("lut", "val_top1_pct", "dsp"))
    assert findings.front["digest"].tolist() == expected["digest"].tolist()
    assert len(expected) > len(front_of(findings.evaluations, ("lut", "val_top1_pct")))


def test_no_evaluations(header, evaluations):
    findings = find(header, evaluations.iloc[:0].astype(object), 121)
    assert findings.front.empty
    assert findings.interesting.empty
    assert (findings.hypervolume, findings.widths) == (0.0, ())


def test_rows_that_lack_a_number_count_for_nothing(header, evaluations):
    best = find(header, evaluations, 121).front["digest"].iloc[0]
    evaluations["lut"] = evaluations["lut"].astype(float)
    evaluations.loc[evaluations["digest"] == best, "lut"] = np.nan
    findings = find(header, evaluations, 121)
    assert findings.n_incomplete == 1
    assert best not in set(findings.front["digest"])


def test_bitmaps_of_other_images_are_refused(header, evaluations):
    evaluations["test_correct"] = b"\xff"
    with pytest.raises(DataError, match="1 bytes does not hold 1200 images"):
        find(header, evaluations, 121)
