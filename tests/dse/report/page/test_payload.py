import dataclasses
import shlex
from pathlib import Path

import pytest

from dse.formats import parse_format
from dse.intervals import wilson
from dse.report import read_findings
from dse.report.page.columns import by_width, columns
from dse.report.page.commands import commands
from dse.report.page.layers import layers
from dse.report.page.payload import _counts, payload
from dse.search.rows import TOTALS
from dse.search.store import Store
from hw_models.boards import BOARDS
from hw_models.cost import estimate
from hw_models.folding import Folding
from tests.dse.report.page.test_encode import codes


def read(folder):
    with Store.open_readonly(folder) as store:
        return payload(store, folder)


def column(content, name):
    return next(item for item in content["columns"] if item["name"] == name)


def values(packed):
    return [packed["values"][code] for code in codes(packed)]


@pytest.fixture(scope="module")
def parts(study_folder):
    with Store.open_readonly(study_folder) as store:
        return store.layers()


class TestColumns:
    def test_they_hold_the_evaluations(self, study_folder, evaluations):
        content = read(study_folder)
        for name in ("lut", "weight_kib", "test_top1_pct", "weight_format", "recipe", "act_bits"):
            assert values(column(content, name)) == evaluations[name].tolist()

    def test_accuracies_have_their_intervals_and_images(self, study_folder, evaluations):
        found = column(read(study_folder), "test_top1_pct")
        for value, low, high in zip(
            found["values"], found["ends"]["low"], found["ends"]["high"], strict=True
        ):
            interval = wilson(round(value * 12), 1200)
            assert (low, high) == pytest.approx((interval.low_pct, interval.high_pct), abs=5e-4)
        assert "1200 test images" in found["source"]

    def test_every_number_says_where_it_is_from(self, evaluations, header):
        numbers = [item for item in columns(evaluations, header) if "is_category" not in item]
        assert all(item["source"] for item in numbers)

    def test_totals_that_a_network_does_not_have_are_left_out(self, partial_study_folder):
        names = {item["name"] for item in read(partial_study_folder)["columns"]}
        assert not names & set(TOTALS)
        assert "lut_per_mac" in names

    def test_formats_ascend_by_width(self):
        assert by_width({"mixed", "e4m3", "int8", "e2m1", "int3"}) == [
            "int3", "e2m1", "int8", "e4m3", "mixed",
        ]  # fmt: skip


class TestCounts:
    def test_with_best_of_those_of_the_report_may_be_on_the_front(self, recipes_study_folder):
        content = read(recipes_study_folder)
        findings = read_findings(recipes_study_folder)
        best = findings.evaluations["digest"].isin(findings.points["digest"])
        assert codes(content["counts"]) == (2 * best).tolist()

    def test_else_all_may(self, study_folder):
        assert codes(read(study_folder)["counts"]) == [2] * 121

    def test_but_for_those_that_break_a_constraint(self, evaluations, header):
        rows = evaluations.assign(violation=0.0)
        rows.loc[rows.index[3:5], "violation"] = 0.1
        assert _counts(rows, header).tolist() == [2] * 3 + [1] * 2 + [2] * 116


class TestLayers:
    def test_their_costs_add_up_to_the_totals(self, evaluations, parts, header):
        found, reason = layers(evaluations, parts, header)
        assert reason == ""
        for name in TOTALS:
            of_layers = [
                [layer["costs"]["columns"][name][code] for code in codes(layer["costs"])]
                for layer in found
            ]
            assert [sum(parts) for parts in zip(*of_layers, strict=True)] == evaluations[
                name
            ].tolist()

    def test_points_that_came_later_are_left_out(self, evaluations, parts, header):
        found, _ = layers(evaluations.iloc[3:20], parts, header)
        assert values(found[1]["weights"]) == evaluations["weight_format"].iloc[3:20].tolist()

    def test_points_may_have_foldings_of_their_own(self, evaluations, parts, header):
        mine = parts["digest"] == evaluations["digest"].iloc[0]
        slow = parts.copy()
        slow.loc[mine, ["pe", "simd"]] = 1
        formats = (
            map(parse_format, parts.loc[mine, f"{kind}_format"]) for kind in ("weight", "act")
        )
        network = header.shapes.with_formats(*map(list, formats))
        expected = estimate(network, [Folding(pe=1, simd=1)] * 3, "xcup", "none").resources.lut
        rows = evaluations.copy()
        rows.loc[rows.index[0], "lut"] = expected
        found, _ = layers(rows, slow, header)
        first = [
            {name: column[codes(packed)[0]] for name, column in packed["columns"].items()}
            for layer in found
            for packed in (layer["folding"], layer["costs"])
        ]
        assert first[::2] == [{"pe": 1, "simd": 1}] * 3
        assert sum(costs["lut"] for costs in first[1::2]) == expected
        assert [costs["ii_cycles"] for costs in first[1::2]] == [784 * 128, 128 * 64, 64 * 10]

    def test_a_study_without_shapes_says_what_to_do(self, evaluations, parts, header):
        before = dataclasses.replace(header, shapes=None)
        found, reason = layers(evaluations, parts, before)
        assert "before studies kept the shapes" in reason
        assert values(found[1]["acts"]) == evaluations["act_format"].tolist()
        assert "costs" not in found[0]

    def test_another_cost_model_is_not_asked(self, evaluations, parts, header):
        other = dataclasses.replace(header.cost, version=header.cost.version - 1)
        _, reason = layers(evaluations, parts, dataclasses.replace(header, cost=other))
        assert "another version of the cost model" in reason


class TestCommands:
    def test_they_can_be_pasted_whatever_the_folder_is_called(self, header):
        folder = Path("my study; rm -rf x/$HOME")
        exported = "DIGEST".join(commands(folder, header)["export"])
        words = ["bitfront", "export", str(folder), "--point", "DIGEST", "--out", "model.onnx"]
        assert shlex.split(exported) == words

    def test_boards_have_the_device_of_the_study(self, header):
        for name in ("xcup", "ecp5", "ice40", "xc7"):
            settings = dataclasses.replace(header.settings, device=name)
            found = commands(Path("x"), dataclasses.replace(header, settings=settings))
            assert found["boards"]
            assert {BOARDS[board].family for board in found["boards"]} == {name}

    def test_a_checkpoint_and_dsp_blocks_are_asked_for(self, header):
        settings = dataclasses.replace(header.settings, dsp="auto", checkpoint_sha256="0" * 64)
        found = commands(Path("x"), dataclasses.replace(header, settings=settings))
        assert "--checkpoint WEIGHTS" in found["export"][1]
        assert "--dsp auto" in found["build"][1]


def test_what_became_of_every_planned_point_is_told(trained_study_folder, empty_study_folder):
    content = read(trained_study_folder)
    assert content["n_ended"] == len(content["ended"]) == 1
    assert "diverged" in content["ended"][0]["reason"]
    assert content["n_points"] + content["n_ended"] == content["n_planned"]
    empty = read(empty_study_folder)
    assert (empty["n_points"], empty["n_planned"], empty["columns"]) == (0, 121, [])
