"""`bitfront search` and `bitfront bench-samplers` on digits, from a TOML file to the pages."""

import json

import pandas as pd
import pytest

import dse
from dse.report import read_findings
from dse.report.markdown import escape
from dse.report.symbols import TIMES
from dse.search.schema import DB_NAME

SPACE = """
model = "digits-mlp"
checkpoint = "{checkpoint}"
device = "ecp5"
fps = 50000

[formats]
weights = "int4,e2m1"
acts = "int4,int6"
"""


@pytest.fixture
def space(checkpoint, tmp_path):
    """A file with 2^5 points: weights of three layers, inputs of two."""
    path = tmp_path / "space.toml"
    path.write_text(SPACE.format(checkpoint=checkpoint))
    return path


def test_a_search_is_reported_and_goes_on(bitfront, space, tmp_path):
    study = tmp_path / "study"
    command = f"search {space} --out {study} --sampler random"
    outcome = bitfront(f"{command} --trials 3")
    assert outcome.code == 0, outcome.err
    assert "3 points, 3 evaluated by this run" in outcome.out
    assert "5 points, 2 evaluated by this run" in bitfront(f"{command} --trials 5").out
    findings = read_findings(study)
    assert set(findings.schemes) == set(findings.front["digest"])
    report = (study / "report.md").read_text()
    for digest, scheme in findings.schemes.items():
        (row,) = [line for line in report.splitlines() if line.startswith(f"| `{digest[:8]}` |")]
        for layer in scheme.layers:
            assert f"{layer.weight.name} {TIMES} {layer.act.name}" in row
    assert len(pd.read_csv(study / "evaluations.csv")) == 5


def test_a_search_that_nothing_can_satisfy_says_what_stands_in_the_way(bitfront, space, tmp_path):
    text = space.read_text()
    space.write_text(text.replace("[formats]", 'constraints = ["lut <= 5", "fps >= 1"]\n[formats]'))
    study = tmp_path / "study"
    outcome = bitfront(f"search {space} --out {study} --trials 2")
    assert outcome.code == 0, outcome.err
    least = pd.read_csv(study / "evaluations.csv")["lut"].min()
    words = f"the nearest breaks lut <= 5 ({least} there)"
    assert f"no point keeps every constraint: {words}" in outcome.out.replace("\n", " ")
    assert words in bitfront(f"pareto {study}").out.replace("\n", " ")
    report = (study / "report.md").read_text()
    assert f"**No point keeps every constraint**: {escape(words)}." in report


@pytest.fixture
def fast_space(space):
    """The same points, each as fast as fits a third of a board."""
    device = 'device = "ecp5"\nfps = 50000\n'
    fast = 'board = "ulx3s-12f"\nfolding = "fastest"\nconstraints = ["lut <= 0.33 * device"]\n'
    text = space.read_text()
    assert device in text
    space.write_text(text.replace(device, fast))
    return space


def test_points_as_fast_as_fit_a_board_are_compared_by_cycles(bitfront, fast_space, tmp_path):
    study = tmp_path / "study"
    command = f"search {fast_space} --out {study} --sampler random"
    outcome = bitfront(f"{command} --trials 3")
    assert outcome.code == 0, outcome.err
    assert "6 points, 3 evaluated by this run" in bitfront(f"{command} --trials 6").out
    rows = pd.read_csv(study / "evaluations.csv")
    assert rows["ii_cycles"].nunique() > 1
    assert (rows["violation"] == 0).all()
    report = (study / "report.md").read_text()
    assert f"Front of top-1 {TIMES} cycles a frame" in report
    assert f"% {TIMES} log2(cycles a frame)" in report.replace("[%]", "%")
    assert "fastest folding that keeps the constraints on ulx3s-12f" in report
    assert "| II [cycles] | frames a second |" in report
    assert "| frame rate asked for | none |" in report
    assert "equal throughput" not in report
    front = json.loads(bitfront(f"pareto {study} --json").out)
    assert front["objectives"] == ["ii_cycles", "test_top1_pct"]
    shown = bitfront(f"pareto {study}").out
    assert all(f"{row['fps']:.0f} " in shown for row in front["front"])
    table = bitfront(f"pareto {study} --format csv").out.splitlines()[0]
    assert {"ii_cycles", "fps", "test_top1_pct"} <= set(table.split(","))
    for kind in ("pareto", "fronts", "hypervolume", "pareto-matrix", "format-map"):
        drawn = bitfront(f"plot {study} {kind} --out {tmp_path / kind}.svg")
        assert drawn.code == 0, drawn.err
    assert "ii_cycles" in pd.read_csv(tmp_path / "pareto.csv")
    assert "as fast as fits ulx3s-12f" in dse.load(study)._repr_html_()
    page = bitfront(f"report {study} --html {tmp_path / 'page.html'}")
    assert page.code == 0, page.err
    assert '"objectives":["ii_cycles","test_top1_pct"]' in (
        (tmp_path / "page.html").read_text().replace(" ", "")
    )


@pytest.mark.tool("verilator")
@pytest.mark.tool("pyosys")
def test_hardware_of_a_point_that_is_as_fast_as_fits_takes_the_cycles_it_was_compared_by(
    bitfront, fast_space, checkpoint, tmp_path
):
    study, model, build = tmp_path / "study", tmp_path / "model.onnx", tmp_path / "build"
    assert bitfront(f"search {fast_space} --out {study} --sampler greedy --trials 1").code == 0
    point = pd.read_csv(study / "evaluations.csv").iloc[0]
    exported = bitfront(
        f"export {study} --checkpoint {checkpoint} --point {point['digest'][:8]} --out {model}"
    )
    assert exported.code == 0, exported.err
    built = bitfront(
        f"build {model} --board ulx3s-12f --fold {model.with_suffix('.foldings.json')} "
        f"--no-bitstream --images 3 --out {build} --json"
    )
    assert built.code == 0, built.err
    found = json.loads(built.out)
    assert found["words_different"] == 0
    assert found["ii_cycles"] == point["ii_cycles"]
    # FIFOs as shallow as the replayed rate allows can cost the hardware a cycle a frame
    assert 0 <= found["measured_interval_cycles"] - found["ii_cycles"] <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('board = "ulx3s-12f"', 'device = "ecp5"'), 'Give board = "'),
        (("constraints", "fps = 500\nconstraints"), 'constraints = ["fps >= 500"] bounds it'),
        (('"fastest"', '"quickest"'), "quickest"),
    ],
)
def test_what_a_fastest_folding_lacks_is_said_in_a_line(
    bitfront, fast_space, tmp_path, change, words
):
    text = fast_space.read_text().replace('["lut <= 0.33 * device"]', "[]")
    fast_space.write_text(text.replace(*change))
    outcome = bitfront(f"search {fast_space} --out {tmp_path / 'study'}")
    assert outcome.code == 2
    assert words in outcome.error_line
    assert not (tmp_path / "study" / DB_NAME).exists()


def test_samplers_are_judged_on_a_space_searched_in_full(bitfront, space, checkpoint, tmp_path):
    study, page = tmp_path / "study", tmp_path / "page"
    outcome = bitfront(f"search {space} --out {study} --sampler grid --trials 1000")
    assert "32 points" in outcome.out, outcome.err
    outcome = bitfront(
        f"bench-samplers {study} --checkpoint {checkpoint} --out {page} --seeds 2 "
        "--samplers grid,random"
    )
    assert outcome.code == 0, outcome.err
    text = (page / "README.md").read_text()
    assert "digits-mlp, 32 points" in text
    assert "| `random` |" in text
    runs = pd.read_csv(page / "runs.csv")
    assert sorted(runs["sampler"].unique()) == ["grid", "random"]
    assert (page / "1-digits-mlp-32-points.png").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("fps = 50000", "fps = 'fast'"), "fps = 'fast' must be a number"),
        (("fps = 50000", "fsp = 50000"), "unknown option 'fsp' (did you mean 'fps'?)"),
        (("model", "mdel"), "unknown option 'mdel' (did you mean 'model'?)"),
        (("digits-mlp", "digits-mpl"), "no network called 'digits-mpl' (did you mean"),
        (("[formats]", "[layer.fc9]\n[formats]"), "no layer 'fc9'"),
        (("int4,e2m1", "int4,e9"), "e9"),
        (("int4,e2m1", "int4,e7m0"), "e7m0"),
    ],
)
def test_bad_spaces_end_in_one_line(bitfront, space, tmp_path, change, words):
    space.write_text(space.read_text().replace(*change))
    outcome = bitfront(f"search {space} --out {tmp_path / 'study'}")
    assert outcome.code == 2
    assert words in outcome.error_line
    assert not (tmp_path / "study" / DB_NAME).exists()


@pytest.mark.parametrize("arguments", ["", "SPACE", "SPACE --out a --resume b", "--out a"])
def test_either_a_space_or_a_folder(bitfront, space, arguments):
    outcome = bitfront(f"search {arguments.replace('SPACE', str(space))}".strip())
    assert outcome.code == 2
    assert "give a space with --out FOLDER, or --resume FOLDER" in outcome.error_line


def test_nothing_to_resume_says_how_to_begin(bitfront, tmp_path):
    outcome = bitfront(f"search --resume {tmp_path}")
    assert outcome.code == 2
    assert f"'bitfront search SPACE.toml --out {tmp_path}' begins one" in outcome.error_line


def test_a_sweep_is_no_search(bitfront, checkpoint, tmp_path):
    study = tmp_path / "sweep"
    sweep = f"--model digits-mlp --checkpoint {checkpoint} --weights int4 --acts int4"
    assert bitfront(f"explore {sweep} --out {study}").code == 0
    outcome = bitfront(f"search --resume {study}")
    assert outcome.code == 2
    assert "holds a sweep, not a search" in outcome.error_line
