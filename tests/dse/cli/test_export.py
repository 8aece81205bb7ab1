"""`bitfront export` on digits, from the command line to the file."""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from onnx import numpy_helper

from dse.api.network import checkpoint_sha256
from dse.formats import parse_sweep
from dse.models import load_network
from dse.recipe import NONE
from dse.search.schema import DB_NAME
from dse.search.settings import StudySettings
from dse.search.source import NetworkAccuracy
from dse.search.store import Store
from dse.search.study import explore
from hw_models.build.fold import read_foldings
from hw_models.build.images import DEFAULT_COUNT, seeded_images
from hw_models.frontend import read_model
from hw_models.sim.golden import golden, used_codes
from tests.dse.search.edited import edited


@pytest.fixture(scope="module")
def study(checkpoint, tmp_path_factory) -> Path:
    """A study of four points."""
    folder = tmp_path_factory.mktemp("study")
    accuracy = NetworkAccuracy.load(
        model="digits-mlp", checkpoint=checkpoint, data="digits", calibration=100, seed=0
    )
    settings = StudySettings(
        model="digits-mlp",
        data="digits",
        weights=parse_sweep("int4,e2m1"),
        acts=parse_sweep("int4,e4m3"),
        device="xcup",
        fps=10_000.0,
        dsp="none",
        seed=0,
        checkpoint_sha256=checkpoint_sha256(checkpoint),
        edge_format=None,
        unsigned_acts=True,
        granularity="per_channel",
        scale="float32",
        act_range="mse",
        weight_range="mse",
        calibration=100,
        recipes=(NONE,),
        best_of=False,
    )
    explore(settings, folder, accuracy, jobs=1)
    return folder


@pytest.fixture
def changed(study, tmp_path):
    """Return a copy of the study after an SQL statement."""

    def change(statement: str, *values: object) -> Path:
        (tmp_path / "changed").mkdir(exist_ok=True)
        path = tmp_path / "changed" / DB_NAME
        path.write_bytes((study / DB_NAME).read_bytes())
        with edited(path.parent) as database:
            database.execute(statement, values)
        return path.parent

    return change


def digest_of(study: Path, weights: str, acts: str) -> str:
    with Store.open_readonly(study) as store:
        frame = store.evaluations()
    (digest,) = frame.digest[(frame.weight_format == weights) & (frame.act_format == acts)]
    return digest


def told(path: Path) -> dict[str, str]:
    return {item.key: item.value for item in onnx.load(path).metadata_props}


def test_a_point_of_a_study(bitfront, study, checkpoint, tmp_path):
    digest = digest_of(study, "e2m1", "ue4m4")
    out = tmp_path / "new" / "model.onnx"
    call = f"export {study} --checkpoint {checkpoint} --out {out}"
    outcome = bitfront(f"{call} --point {digest[:8]}")
    assert (outcome.code, outcome.out) == (0, f"{out}\n"), outcome.err
    folding = out.with_suffix(".foldings.json")
    assert sorted(out.parent.iterdir()) == [folding, out]
    with Store.open_readonly(study) as store:
        point = store.point(digest)
    assert read_foldings(folding, read_model(out).accelerator) == point.foldings
    assert told(out)["bitfront.point"] == digest
    assert told(out)["bitfront.network"] == "digits-mlp"
    graph = onnx.load(out).graph
    kinds = {node.name: node.op_type for node in graph.node if node.name.endswith("_quant")}
    assert set(kinds) == {
        *("input_1_quant", "relu1_quant", "relu2_quant"),
        *("fc1.weight_quant", "fc2.weight_quant", "fc3.weight_quant"),
    }
    assert kinds.pop("input_1_quant") == "Quant"
    assert set(kinds.values()) == {"FloatQuant"}


def test_without_a_study_the_same_formats_give_the_same_graph(
    bitfront, study, checkpoint, tmp_path
):
    of_study, of_options = tmp_path / "a.onnx", tmp_path / "b.onnx"
    digest = digest_of(study, "int4", "uint4")
    bitfront(f"export {study} --point {digest} --checkpoint {checkpoint} --out {of_study}")
    outcome = bitfront(
        f"export --model digits-mlp --checkpoint {checkpoint} --calibration 100 --weights int4 "
        f"--acts int4 --unsigned-acts --out {of_options} --json"
    )
    assert outcome.code == 0, outcome.err
    facts = json.loads(outcome.out)
    assert facts.pop("out") == str(of_options)
    assert told(of_options) == {f"bitfront.{name}": value for name, value in facts.items()}
    assert facts["point"] == ""
    assert onnx.load(of_options).graph == onnx.load(of_study).graph


def test_options_reach_the_scheme(bitfront, checkpoint, tmp_path):
    out = tmp_path / "model.onnx"
    outcome = bitfront(
        f"export --model digits-mlp --checkpoint {checkpoint} --calibration 20 --data digits "
        f"--weights int4 --acts int5 --edge-format int8 --granularity per_tensor --seed 3 "
        f"--scale power_of_two --act-range absmax --weight-range absmax --out {out} --json"
    )
    assert outcome.code == 0, outcome.err
    scheme = json.loads(json.loads(outcome.out)["scheme"])
    assert [layer["weight"] for layer in scheme.pop("layers")] == ["int8", "int4", "int8"]
    assert scheme == {
        "granularity": "per_tensor",
        "scale": "power_of_two",
        "act_range": "absmax",
        "weight_range": "absmax",
    }


def test_a_recipe_is_applied_to_what_is_exported(bitfront, checkpoint, tmp_path):
    weights = {}
    for recipe in ("none", "gptq+bias"):
        out = tmp_path / f"{recipe}.onnx"
        outcome = bitfront(
            f"export --model digits-mlp --checkpoint {checkpoint} --calibration 100 "
            f"--weights e2m1 --acts int4 --ptq {recipe} --out {out}"
        )
        assert outcome.code == 0, outcome.err
        assert told(out)["bitfront.recipe"] == recipe
        found = {item.name: item for item in onnx.load(out).graph.initializer}
        weights[recipe] = [numpy_helper.to_array(found[f"fc{n}.weight"]) for n in (1, 2, 3)]
    assert not any(map(np.allclose, weights["none"], weights["gptq+bias"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "--model digits-mlp --weights int4 --acts int4 --ptq bias+gptq",
            r"recipe 'bias\+gptq': bias makes up for the mean error",
        ),
        ("--model digits-mlp --weights int4", "say what to export: a study's folder and --point"),
        ("--weights int4 --acts int4", "say what to export"),
        ("--model digits-mlp --weights int4 --acts int4 --point 12345678", "say what to export"),
        ("--model digits-mlp --weights int3-4 --acts int4", "'int3-4' is a range of formats"),
        ("--model digits-mlp --weights int4 --acts uint1", "Brevitas cannot express .* 'uint1'"),
        ("--model digits-mpl --weights int4 --acts int4", "did you mean 'digits-mlp'"),
        ("--model digits-mlp --weights int4 --acts int4 --data npz:none", "none"),
        ("/nowhere --point 12345678", "no study in /nowhere"),
        ("/nowhere --point 12345678 --seed 0", "--seed is the study's to say"),
        ("/nowhere --point 12345678 --model digits-mlp", "--model is the study's to say"),
        ("/nowhere", "which point of /nowhere"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(bitfront, arguments, message, tmp_path):
    outcome = bitfront(f"export {arguments} --out {tmp_path}/model.onnx")
    assert outcome.code == 2
    assert re.search(message, outcome.error_line)
    assert not list(tmp_path.iterdir())


def test_the_points_of_a_study_are_named_without_doubt(bitfront, study, changed, tmp_path):
    out = f"--out {tmp_path}/model.onnx"
    digest = digest_of(study, "int4", "uint4")
    short = bitfront(f"export {study} --point {digest[:7]} {out}")
    assert (short.code, "too short" in short.error_line) == (2, True)
    none = bitfront(f"export {study} --point 00000000 {out}")
    assert (none.code, "no point's digest starts with '00000000'" in none.error_line) == (2, True)
    alike = changed("UPDATE points SET digest = '12345678' || digest")
    several = bitfront(f"export {alike} --point 12345678 {out}")
    assert (several.code, "'12345678' names 4 points" in several.error_line) == (2, True)


def test_weights_data_and_versions_are_those_of_the_study(
    bitfront, study, changed, checkpoint, tmp_path
):
    out = f"--point {digest_of(study, 'int4', 'uint4')} --out {tmp_path}/model.onnx"
    without = bitfront(f"export {study} {out}")
    assert without.code == 2
    assert "--checkpoint is" in without.error_line
    assert "none here" in without.error_line
    torch.save(load_network("digits-mlp").initial(2).state_dict(), tmp_path / "other.pt")
    other = bitfront(f"export {study} --checkpoint {tmp_path}/other.pt {out}")
    assert (other.code, "--checkpoint is" in other.error_line) == (2, True)
    with Store.open_readonly(study) as store:
        header = json.loads(store.header.to_json())
    for part, name, value, message in (
        (header, "accuracy_version", 0, "another version of bitfront quantized the study"),
        (header["accuracy"], "data", "0" * 64, "data set 'digits' has changed"),
        (header["accuracy"], "weights", "0" * 64, "the weights of 'digits-mlp' are not those"),
    ):
        before, part[name] = part[name], value
        folder = changed("UPDATE header SET json = ?", json.dumps(header))
        outcome = bitfront(f"export {folder} --checkpoint {checkpoint} {out}")
        assert outcome.code == 2
        assert message in outcome.err.splitlines()[-1]
        part[name] = before
    assert not (tmp_path / "model.onnx").exists()


def test_an_unusable_place_is_said_before_the_work(bitfront, tmp_path):
    call = "export --model digits-mlp --weights int4 --acts int4 --out"
    folder = bitfront(f"{call} {tmp_path}")
    assert (folder.code, folder.error_line) == (
        2,
        f"bitfront: --out {tmp_path} is a folder; name a file in it, such as {tmp_path}/model.onnx",
    )
    (tmp_path / "file").touch()
    below_a_file = bitfront(f"{call} {tmp_path}/file/model.onnx")
    assert (below_a_file.code, "cannot write" in below_a_file.error_line) == (2, True)


@pytest.mark.parametrize("network", ["ds-cnn", "autoencoder"])
def test_seeded_networks_use_most_codes_on_the_images_that_a_build_draws(
    bitfront, tmp_path, network
):
    out = tmp_path / "model.onnx"
    call = f"export --model {network} --seeded --unsigned-acts --weights int4 --acts int4"
    outcome = bitfront(f"{call} --out {out}")
    assert outcome.code == 0, outcome.err
    model = read_model(out)
    images = seeded_images(model.input, DEFAULT_COUNT, seed=0)
    for name, used in used_codes(golden(model, images.codes), model).items():
        assert used >= 0.6 * len(model.accelerator.node(name).output.grid()), name


def test_a_network_with_functions_for_a_host_is_refused_and_nothing_written(bitfront, tmp_path):
    out = tmp_path / "model.onnx"
    call = "export --model fmnist-vit --seeded --weights int4 --acts int4"
    outcome = bitfront(f"{call} --out {out}")
    assert outcome.code == 2
    assert outcome.error_line == (
        "bitfront: node 'block1.norm1' (LayerNorm) is in scope 'host': it has no hardware, so the "
        "network cannot be exported for an accelerator; 'bitfront explore' costs what hardware "
        "does of it"
    )
    assert not out.exists()


def test_seeded_networks_have_no_data(bitfront, tmp_path):
    call = f"export --model digits-mlp --weights int4 --acts int4 --out {tmp_path / 'm.onnx'}"
    outcome = bitfront(f"{call} --seeded --data digits")
    assert outcome.code == 2
    assert outcome.error_line == "bitfront: --seeded needs no --data; leave one of them out"


def test_the_folding_of_nested_layers_is_taken_by_the_build(bitfront, tmp_path, monkeypatch):
    (tmp_path / "nested_net.py").write_text(
        "from torch import nn\n"
        "def net():\n"
        "    block = nn.Sequential(nn.Linear(64, 8), nn.ReLU())\n"
        "    return nn.Sequential(nn.Flatten(), block, nn.Linear(8, 10))\n"
    )
    monkeypatch.chdir(tmp_path)
    study = "--model nested_net:net --data digits --weights int4 --acts int4 --out study"
    assert bitfront(f"explore {study}").code == 0
    digest = pd.read_csv("study/evaluations.csv").digest[0]
    outcome = bitfront(f"export study --point {digest[:8]} --out model.onnx")
    assert outcome.code == 0, outcome.err
    with Store.open_readonly(Path("study")) as store:
        point = store.point(digest)
    accelerator = read_model(Path("model.onnx")).accelerator
    assert read_foldings(Path("model.foldings.json"), accelerator) == point.foldings
