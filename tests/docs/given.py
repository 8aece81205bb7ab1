"""What pages take to be in their readers' current folder: small images, networks, a study."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from contributed import install
from documented import PAGES, ROOT, pieces, replaced
from PIL import Image
from sklearn.datasets import load_digits
from stand_ins import STAND_INS

import dse
from dse.models import load_network

_NETWORK = "from dse.models.digits_mlp import build as my_network\n"


def imagenet(folder: Path) -> None:
    """Draw four classes of pictures of several sizes."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 24), ("val", 5)):
        for label in range(4):
            to = folder / "imagenet" / part / f"class{label}"
            to.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(60 * label, 60 * label + 70, (40 + number, 44, 3), np.uint8)
                Image.fromarray(pixels).save(to / f"{number}.png")


def torchvision(folder: Path) -> None:
    """Write a package with the names of torchvision's."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("from torchvision import models\n")
    shutil.copy(Path(__file__).with_name("small_torchvision.py"), package / "models.py")


def checkpoints(folder: Path) -> None:
    """Write weights for the networks of `torchvision`."""
    for name in ("resnet18", "mobilenet_v2", "vit_b_32"):
        state = load_network(f"torchvision.models:{name}").initial(0).state_dict()
        torch.save(state, folder / f"{name}.pt")


def own_network(folder: Path) -> None:
    """Write a package of the reader's with a network, its weights, and images."""
    (folder / "my_package").mkdir()
    (folder / "my_package" / "__init__.py").touch()
    (folder / "my_package" / "my_module.py").write_text(_NETWORK)
    torch.save(load_network("digits-mlp").initial(0).state_dict(), folder / "weights.pt")
    digits = load_digits()
    images = (digits.images[:, None] * 15).astype(np.uint8)
    np.savez(
        folder / "images.npz",
        x_train=images[:1000],
        y_train=digits.target[:1000],
        x_test=images[1000:],
        y_test=digits.target[1000:],
    )


def spaces(folder: Path) -> None:
    """Write the spaces that the page on searches shows."""
    page = replaced(PAGES["docs/search.md"].read_text(), STAND_INS["docs/search.md"])
    texts = [piece.code for piece in pieces(page) if piece.language == "toml"]
    for name, text in zip(("space.toml", "fastest.toml"), texts, strict=True):
        (folder / name).write_text(text)


def study(folder: Path) -> None:
    """Make a study of two points."""
    options = {"weights": "int4", "acts": "int4,e2m1", "device": "xcup"}
    dse.explore("digits-mlp", out=folder / "reports" / "fmnist", **options)


def model(folder: Path) -> None:
    """Export a network of integers."""
    study(folder)
    made = dse.load(folder / "reports" / "fmnist")
    made.export(made.front["digest"].iloc[0], folder / "model.onnx")


def board(folder: Path) -> None:
    """Install the example of a board."""
    install(folder, "hw_models/boards/ulx3s_45f.py")


def notebooks(folder: Path) -> None:
    """Copy the notebooks, and how they are paired."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copy(ROOT / "pyproject.toml", folder)


def gallery(folder: Path) -> None:
    """Copy numbers of the gallery, one file of a kind, and let its search be of a small network."""
    for file in (
        *("fmnist/evaluations.csv", "fmnist/report.md", "cost-model/xcup.csv"),
        *("sensitivity/digits-cnn/sensitivity.csv", "finn-compare/digits-mlp-int4.json"),
        *("fp8-vs-int8/comparison.json", "figures/layers.toml"),
    ):
        to = folder / "reports" / "gallery" / file
        to.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / "reports" / "gallery" / file).read_text()
        to.write_text(
            text.replace('"digits-cnn"', '"digits-mlp"') if to.suffix == ".toml" else text
        )


def docs(folder: Path) -> None:
    """Make the folder of the documentation."""
    (folder / "docs").mkdir()


GIVEN: dict[str, tuple[Callable[[Path], None], ...]] = {
    "README.md": (imagenet, torchvision, checkpoints),
    "CONTRIBUTING.md": (notebooks, model, board, gallery),
    "docs/execution.md": (spaces,),
    "docs/hardware.md": (study,),
    "docs/licences.md": (docs,),
    "docs/networks.md": (imagenet, torchvision, own_network),
    "docs/search.md": (spaces,),
}
"""By page."""
