"""`bitfront search` and `bitfront bench-samplers` on digits, from a TOML file to the pages."""

import pandas as pd
import pytest

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
    report = (study / "report.md").read_text()
    assert f"**No point keeps every constraint**: {escape(words)}." in report


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
