"""`bitfront explore` on digits, from the command line to the files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from dse.data import load_dataset
from dse.models import load_network
from dse.search.schema import DB_NAME
from dse.search.store import Store
from hw_models.build.images import given_images
from hw_models.frontend import read_model
from hw_models.sim.golden import golden_outputs

FORMATS = "--weights int4,e2m1 --acts int4,e4m3"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def mlp(checkpoint, tmp_path):
    """Arguments of a quick study in ``tmp_path / study``."""
    return f"explore --model digits-mlp --checkpoint {checkpoint} {FORMATS} --out {tmp_path}/study"


@pytest.fixture(scope="module")
def finished(checkpoint, tmp_path_factory):
    """A folder that holds the finished study of `mlp`."""
    return tmp_path_factory.mktemp("finished") / "study"


def has_study(bitfront, mlp: str, finished: Path, folder: Path) -> None:
    """Put the finished study into `folder`; the first call makes it."""
    if not finished.exists():
        outcome = bitfront(f"{mlp} --out {finished}")
        assert outcome.code == 0, outcome.err
    shutil.copytree(finished, folder)


def evaluations(folder: Path) -> pd.DataFrame:
    with Store.open_readonly(folder) as store:
        return store.evaluations()


def test_a_study_is_made_by_two_processes_as_by_one(bitfront, mlp, finished, tmp_path):
    outcome = bitfront(f"{mlp} --json --jobs 2")
    assert outcome.code == 0, outcome.err
    summary = json.loads(outcome.out)
    assert (summary["n_points"], summary["n_computed"]) == (4, 4)
    assert summary["study"] == f"{tmp_path}/study/{DB_NAME}"
    for name in ("study", "report", "evaluations", "front", "figures"):
        assert Path(summary[name]).exists()
    assert {"pareto.png", "pareto.svg", "pareto.pdf"} <= {
        path.name for path in Path(summary["figures"]).iterdir()
    }
    assert 1 <= len(summary["interesting"]) <= 5
    frame = evaluations(tmp_path / "study")
    assert list(frame.weight_format) == ["int4", "int4", "e2m1", "e2m1"]
    assert (frame.n_test == 540).all()
    assert frame.lut.between(100, 100_000).all()
    has_study(bitfront, mlp, finished, tmp_path / "one")
    assert evaluations(tmp_path / "one").equals(frame)


def test_a_study_is_found_again(bitfront, mlp, finished, tmp_path):
    has_study(bitfront, mlp, finished, tmp_path / "study")
    before = contents(tmp_path)
    outcome = bitfront(mlp)
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    assert "4 points, 0 evaluated by this run" in outcome.out
    assert f"{tmp_path}/study/front.csv" in outcome.out
    assert contents(tmp_path) == before
    with Store.open_readonly(tmp_path / "study") as store:
        settings = store.header.settings
    assert (settings.data, settings.calibration, settings.checkpoint_sha256 == "") == (
        "digits",
        1000,
        False,
    )


def test_recipes_are_evaluated_by_two_processes_as_by_one(bitfront, mlp, tmp_path):
    recipes = "--ptq none,equalize+bias,gptq --best-of --json"
    for jobs in (1, 2):
        outcome = bitfront(f"{mlp} {recipes} --jobs {jobs} --out {tmp_path}/{jobs}")
        assert outcome.code == 0, outcome.err
    summary = json.loads(outcome.out)
    assert summary["n_points"] == summary["n_computed"] == 12
    assert sum(summary["best_recipes"].values()) == 4
    one, two = evaluations(tmp_path / "1"), evaluations(tmp_path / "2")
    assert one.equals(two)
    assert (one.changed_weights_pct[one.recipe == "none"] == 0).all()
    assert (one.changed_weights_pct[one.recipe != "none"] > 0).all()
    report = (tmp_path / "2" / "report.md").read_text()
    assert "## What the recipes do" in report


BAD = {
    "nothing to train": ("--qat -1", "--qat is -1"),
    "training without epochs": ("--qat 1 --qat-epochs 0", "--qat-epochs is 0"),
    "training without learning": ("--qat 1 --qat-lr 0", "--qat-lr is 0"),
    "unknown format": ("--weights int4,e4n3", "e4n3"),
    "empty range": ("--acts int8-3", "int8-3"),
    "a format without quantizer": ("--weights int1", "int1"),
    "a format without hardware": ("--acts e6m1", "e6m1"),
    "unknown edge format": ("--edge-format in8", "in8"),
    "unknown network": ("--model digits-mpl", "did you mean 'digits-mlp'"),
    "unknown factory": ("--model torch.nn:Linaer", "did you mean 'Linear'"),
    "unknown data": ("--data digit", "did you mean 'digits'"),
    "unknown device": ("--device xcpu", "did you mean 'xcup'"),
    "no frames": ("--fps 0", "--fps is 0"),
    "too many frames": ("--fps 1e12", "fps"),
    "no jobs": ("--jobs 0", "--jobs is 0"),
    "no calibration": ("--calibration 0", "--calibration is 0"),
    "too much calibration": ("--calibration 1001", "1 to 1000 images aside"),
    "missing checkpoint": ("--checkpoint nowhere.pt", "nowhere.pt cannot be read"),
    "missing data": ("--data npz:nowhere.npz", "nowhere.npz"),
    "unknown method": ("--ptq none,gtpq", "did you mean 'gptq'"),
    "an order without sense": ("--ptq gptq+equalize", "write equalize+gptq"),
    "a recipe without a method": ("--ptq gptq+", "lacks a method"),
    "best of one": ("--ptq gptq --best-of", "name several with --ptq"),
    "images of one class": ("--calibration 1", "are all of one class"),
    "a folder as a checkpoint": ("--checkpoint .", "cannot be read: Is a directory"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("existing", [False, True])
def test_bad_input_is_one_line_and_changes_nothing(
    bitfront, mlp, finished, tmp_path, case, existing
):
    if existing:
        has_study(bitfront, mlp, finished, tmp_path / "study")
    before = contents(tmp_path)
    arguments, message = BAD[case]
    outcome = bitfront(f"{mlp} {arguments}")
    assert outcome.code == 2
    assert message in outcome.error_line
    assert contents(tmp_path) == before
    assert (tmp_path / "study").exists() == existing


def bad_file(path: Path, case: str) -> str:
    """Write a damaged file to `path`; return the arguments that use it."""
    state = load_network("digits-mlp").initial(1).state_dict()
    x = np.ones((40, 1, 8, 8), np.float32)
    y = np.arange(40) % 10
    match case:
        case "damaged data":
            path.write_bytes(b"PK\3\4 not an archive")
        case "NaN in images":
            x[3, 0, 0, 0] = np.nan
            np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
        case "labels out of range":
            np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y + 90)
        case "another shape":
            x = np.ones((40, 3, 8, 8), np.float32)
            np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
        case "damaged checkpoint":
            path.write_bytes(b"PK\3\4 no weights")
        case "NaN in weights":
            next(iter(state.values()))[0, 0] = float("nan")
            torch.save(state, path)
        case "another network's weights":
            torch.save(load_network("digits-cnn").initial(1).state_dict(), path)
    return f"--checkpoint {path}" if path.suffix == ".pt" else f"--data npz:{path}"


@pytest.mark.parametrize(
    ("name", "case", "message"),
    [
        ("x.npz", "damaged data", "x.npz"),
        ("x.npz", "NaN in images", "NaN or Inf"),
        ("x.npz", "labels out of range", "out of range"),
        ("x.npz", "another shape", "shape"),
        ("x.pt", "damaged checkpoint", "is damaged"),
        ("x.pt", "NaN in weights", "holds NaN or Inf"),
        ("x.pt", "another network's weights", "has no tensor"),
    ],
)
def test_bad_files_are_one_line_and_change_nothing(bitfront, mlp, tmp_path, name, case, message):
    arguments = bad_file(tmp_path / name, case)
    outcome = bitfront(f"{mlp} {arguments}")
    assert outcome.code == 2
    assert message in outcome.error_line
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("out", ["/proc/study", "/dev/null", "/dev/null/study"])
def test_a_folder_that_cannot_be_written_is_one_line(bitfront, mlp, tmp_path, out):
    outcome = bitfront(mlp.replace(f"{tmp_path}/study", out))
    assert outcome.code == 2
    assert "cannot write into the folder" in outcome.error_line


def test_another_study_in_the_folder_is_one_line(bitfront, mlp, finished, tmp_path):
    has_study(bitfront, mlp, finished, tmp_path / "study")
    before = contents(tmp_path)
    outcome = bitfront(f"{mlp} --seed 1")
    assert outcome.code == 2
    assert "other settings: --seed is 0 there, 1 here" in outcome.error_line
    assert contents(tmp_path) == before


def test_a_damaged_study_is_one_line(bitfront, mlp, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / DB_NAME).write_bytes(b"\0" * 9000)
    before = contents(tmp_path)
    outcome = bitfront(mlp)
    assert outcome.code == 2
    assert "damaged" in outcome.error_line
    assert contents(tmp_path) == before


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("trained") / "study"


@pytest.fixture
def trained(bitfront, checkpoint, place):
    """The command of a finished study with two trained points, and its folder."""
    folder, is_new = place, not place.exists()
    command = (
        f"explore --model digits-mlp --checkpoint {checkpoint} --weights int4,e2m1 --acts same "
        f"--best-of --qat 2 --qat-epochs 2 --qat-lr 0.01 --out {folder}"
    )
    outcome = bitfront(f"{command} --json")
    assert outcome.code == 0, outcome.err
    summary = json.loads(outcome.out)
    computed = 4 if is_new else 0
    assert (summary["n_points"], summary["n_computed"], summary["n_ended"]) == (4, computed, 0)
    return command, folder


def test_points_near_the_front_are_trained_on_any_number_of_workers(bitfront, trained, tmp_path):
    command, folder = trained
    frame = evaluations(folder)
    assert list(frame.recipe) == ["none", "none", "qat", "qat"]
    gained = frame.val_top1_pct[2:].to_numpy() - frame.val_top1_pct[:2].to_numpy()
    assert (gained > 20).all()  # nobody had trained it
    assert "## What training gains" in (folder / "report.md").read_text()
    outcome = bitfront(f"{command} --jobs 2 --out {tmp_path}/two")
    assert outcome.code == 0, outcome.err
    assert evaluations(tmp_path / "two").equals(frame)


def test_a_trained_point_is_exported_from_its_checkpoint(bitfront, trained, checkpoint, tmp_path):
    _, folder = trained
    frame = evaluations(folder)
    call = f"export {folder} --checkpoint {checkpoint} --json --out {tmp_path}"
    for row in frame[frame.recipe == "qat"].itertuples():
        path = f"{tmp_path}/{row.weight_format}.onnx"
        outcome = bitfront(f"{call} --point {row.digest} --out {path}")
        assert outcome.code == 0, outcome.err
        assert json.loads(outcome.out)["recipe"] == "qat"
        model = read_model(Path(path))
        data = load_dataset("digits", 0)
        codes = given_images(model.input, data.as_float(data.test), "digits").codes
        values = model.output.values(golden_outputs(model, codes))
        right = values.reshape(len(codes), -1).argmax(axis=1) == data.test.y
        assert abs(100 * right.mean() - row.test_top1_pct) < 0.3  # one image is 0.19
    shutil.copytree(folder, tmp_path / "copy")
    one, other = sorted((tmp_path / "copy" / "qat").iterdir())
    other.write_bytes(one.read_bytes())
    (tmp_path / "copy" / "qat" / one.name).unlink()
    said = set()
    for digest in frame[frame.recipe == "qat"].digest:
        outcome = bitfront(
            f"export {tmp_path}/copy --checkpoint {checkpoint} --point {digest} "
            f"--out {tmp_path}/x.onnx"
        )
        assert outcome.code == 2
        said.add(outcome.err.splitlines()[-1].split(str(tmp_path))[0])
    assert said == {"bitfront: there is no checkpoint ", "bitfront: checkpoint "}
    assert not (tmp_path / "x.onnx").exists()


def test_a_training_that_diverges_is_told(bitfront, trained, tmp_path):
    command, _ = trained
    outcome = bitfront(f"{command} --qat-lr 1e30 --out {tmp_path}/study")
    assert outcome.code == 0, outcome.err
    assert "2 ended without an accuracy" in outcome.out
    ended = pd.read_csv(tmp_path / "study" / "ended.csv")
    assert list(ended.recipe) == ["qat", "qat"]
    assert ended.reason.str.startswith("training diverged in epoch 1: the loss is").all()


@pytest.fixture(scope="module")
def folder_of_images(tmp_path_factory):
    """Digits as files: the images of `digits`, 8 by 8 pixels, grey."""
    folder = tmp_path_factory.mktemp("images")
    data = load_dataset("digits", 0)
    for part, split in (("train", data.train), ("val", data.test)):
        for number, (image, label) in enumerate(zip(split.decoded[:, 0], split.y, strict=True)):
            path = folder / part / str(label) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image * 15).save(path)
    return folder


def test_images_stream_from_files_and_dominated_points_end(
    bitfront, checkpoint, folder_of_images, tmp_path
):
    command = (
        f"explore --model digits-mlp --checkpoint {checkpoint} "
        f"--data imagefolder:{folder_of_images} "
        f"--weights int3-6,e2m1,e3m0 --acts int3-6,e2m1 --json"
    )
    outcome = bitfront(f"{command} --out {tmp_path}/early")
    assert outcome.code == 0, outcome.err
    summary = json.loads(outcome.out)
    assert summary["n_points"] == summary["n_computed"] == 30
    exact = json.loads(bitfront(f"{command} --out {tmp_path}/exact --exact --jobs 1").out)
    assert (exact["n_ended"], exact["n_front"]) == (0, summary["n_front"])
    assert summary["n_ended"] > 0
    ended = pd.read_csv(tmp_path / "early" / "ended.csv")
    assert ended.reason.str.startswith("dominated: at most").all()
    everything = evaluations(tmp_path / "exact").set_index("digest")
    rest = evaluations(tmp_path / "early").set_index("digest")
    assert rest.equals(everything.loc[rest.index])
    for row in ended.itertuples():
        assert everything.loc[row.digest].val_top1_pct <= row.val_bound_pct
    assert "## Points without an accuracy" in (tmp_path / "early" / "report.md").read_text()


def test_a_checkpoint_of_another_network_is_named(bitfront, mlp, tmp_path):
    outcome = bitfront(f"{mlp} --model digits-cnn")
    assert outcome.code == 2
    assert "mlp.pt: network 'digits-cnn' has no tensor 'fc1.weight'" in outcome.error_line
    assert not (tmp_path / "study").exists()


NETWORKS = """
import torch
from torch import nn

class Made(nn.Module):
    def __init__(self, forward, **layers):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.fc = nn.Linear(256, 10)
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.made = forward

    def forward(self, x):
        return self.made(self, torch.relu(self.conv(x)))

def by_value():
    return Made(lambda net, x: net.fc((x if x.mean() > 0 else -x).flatten(1)))

def by_shape():
    return Made(lambda net, x: net.fc((x if x.shape[0] > 1 else -x).flatten(1)))

def cut_by_batch():
    return Made(lambda net, x: net.fc(x.flatten(1)[:, : 256 - x.shape[0] % 2]))

def for_100_images():
    return Made(lambda net, x: net.fc(x.view(100, -1)))

def prelu():
    return Made(lambda net, x: net.fc(net.act(x).flatten(1)), act=nn.PReLU())

def lstm():
    return Made(lambda net, x: net.fc(net.act(x.flatten(2))[0].flatten(1)), act=nn.LSTM(64, 64))

def resized():
    return Made(lambda net, x: net.fc(nn.functional.interpolate(x, scale_factor=1).flatten(1)))
"""
UNSUITED = {
    "by_value": "without control flow that depends on values or shapes",
    "by_shape": "without control flow that depends on values or shapes",
    "cut_by_batch": "cannot take images of shape (1, 8, 8)",
    "for_100_images": "cannot take images of shape (1, 8, 8)",
    "prelu": "layer 'act' (PReLU) holds weights bitfront cannot quantize; it handles Conv2d",
    "lstm": "layer 'act' (LSTM) holds weights bitfront cannot quantize",
    "resized": "node 'interpolate' (interpolate) has no hardware cost; Conv2d, Linear",
}


@pytest.mark.parametrize("name", UNSUITED)
def test_networks_that_do_not_suit_are_named_with_what_does(bitfront, tmp_path, monkeypatch, name):
    (tmp_path / "unsuited_networks.py").write_text(NETWORKS)
    monkeypatch.chdir(tmp_path)
    outcome = bitfront(
        f"explore --model unsuited_networks:{name} --data digits {FORMATS} --out study"
    )
    assert outcome.code == 2
    assert UNSUITED[name] in outcome.error_line
    assert not (tmp_path / "study").exists()
