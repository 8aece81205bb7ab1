"""Fashion-MNIST: where it is looked for, IDX files whole and damaged, and the real files."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from platformdirs import user_cache_path

from dse.data import fashion_mnist as module
from dse.data import load_dataset
from dse.errors import DataError
from dse.formats import IntFormat

FILES = {
    "train-images-idx3-ubyte": (40, 28, 28),
    "train-labels-idx1-ubyte": (40,),
    "t10k-images-idx3-ubyte": (20, 28, 28),
    "t10k-labels-idx1-ubyte": (20,),
}


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write(folder: Path, rng: np.random.Generator, packed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in FILES.items():
        content = np.arange(shape[0]) % 10 if len(shape) == 1 else rng.integers(0, 256, shape)
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(content)))
        else:
            (folder / name).write_bytes(idx(content))
    return folder


@pytest.fixture
def nowhere(monkeypatch, tmp_path) -> Path:
    """An empty current folder and cache, and no Debian package."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_DEBIAN", tmp_path / "debian")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("layout", ["", "FashionMNIST/raw", "fashion-mnist"])
def test_reads_a_named_folder(tmp_path, rng, packed, layout):
    write(tmp_path / layout, rng, packed)
    made = load_dataset(f"fashion-mnist:{tmp_path}", 0)
    sizes = [len(getattr(made, r)) for r in ("train", "calibration", "validation", "test")]
    assert sizes == [36, 36, 4, 20]
    assert made.input_shape == (1, 28, 28)
    assert (made.input_format, made.input_scale) == (IntFormat(bits=8, signed=False), 1 / 255)
    np.testing.assert_array_equal(made.test.y, np.arange(20) % 10)


def test_pixels_arrive_in_order(tmp_path, rng):
    write(tmp_path, rng)
    pixels = rng.integers(0, 256, (20, 28, 28))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels)))
    np.testing.assert_array_equal(load_dataset(f"fashion-mnist:{tmp_path}", 0).test.x[:, 0], pixels)


def test_search_order_is_cache_debian_torchvision(nowhere, rng):
    places = ["data/FashionMNIST/raw", "debian", "cache/bitfront/data/fashion-mnist"]
    seen = [load_dataset_after(write, nowhere / place, rng) for place in places]
    assert len(set(seen)) == 3
    assert user_cache_path("bitfront").is_relative_to(nowhere)


def load_dataset_after(write, folder, rng) -> str:
    write(folder, rng)
    return load_dataset("fashion-mnist", 0).fingerprint


def test_absence_names_places_and_package(nowhere, refusal):
    with refusal(
        DataError,
        "apt-get install dataset-fashion-mnist",
        str(nowhere / "debian"),
        str(nowhere / "cache"),
        "data/FashionMNIST/raw",
    ):
        load_dataset("fashion-mnist", 0)


def damaged(content: bytes, kind: str) -> bytes:
    plain = gzip.decompress(content)
    return {
        "truncated gzip": content[: len(content) // 2],
        "flipped bytes": content[:40] + bytes(20) + content[60:],
        "not gzip": b"<html>not found</html>",
        "short": gzip.compress(plain[:-1]),
        "long": gzip.compress(plain + b"\0"),
        "empty": gzip.compress(b""),
        "header only": gzip.compress(plain[:6]),
        "no magic": gzip.compress(b"PNG!" + plain[4:]),
        "floats": gzip.compress(b"\0\0\x0d" + plain[3:]),
        "huge": gzip.compress(plain[:4] + b"\xff" * 12 + plain[16:]),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "truncated gzip",
        "flipped bytes",
        "not gzip",
        "short",
        "long",
        "empty",
        "header only",
        "no magic",
        "floats",
        "huge",
    ],
)
def test_damaged_files_are_named(tmp_path, rng, kind, refusal):
    victim = write(tmp_path, rng) / "train-images-idx3-ubyte.gz"
    victim.write_bytes(damaged(victim.read_bytes(), kind))
    with refusal(DataError, str(victim)):
        load_dataset(f"fashion-mnist:{tmp_path}", 0)


def test_labels_in_place_of_images(tmp_path, rng, refusal):
    write(tmp_path, rng)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels.rename(tmp_path / "t10k-images-idx3-ubyte.gz")
    with refusal(DataError, "1 axes", "expected uint8 (0x08) with 3"):
        load_dataset(f"fashion-mnist:{tmp_path}", 0)


def test_a_missing_file_is_named(tmp_path, rng, refusal):
    (write(tmp_path, rng) / "t10k-labels-idx1-ubyte.gz").unlink()
    with refusal(DataError, f"{tmp_path} lacks t10k-labels-idx1-ubyte"):
        load_dataset(f"fashion-mnist:{tmp_path}", 0)


def test_a_label_out_of_range(tmp_path, rng, refusal):
    write(tmp_path, rng)
    content = idx(np.full(40, 10))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    with refusal(DataError, "label 10 of image 0", "10 classes"):
        load_dataset(f"fashion-mnist:{tmp_path}", 0)


def test_fewer_labels_than_images(tmp_path, rng, refusal):
    write(tmp_path, rng)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(19))))
    with refusal(DataError, "20 images", "(19,)"):
        load_dataset(f"fashion-mnist:{tmp_path}", 0)


@pytest.mark.skipif(
    not module._DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)
def test_the_real_files():
    made = load_dataset("fashion-mnist", 0)
    sizes = [len(getattr(made, r)) for r in ("train", "calibration", "validation", "test")]
    assert sizes == [55_000, 1000, 5000, 10_000]
    for split, each in ((made.train, 5500), (made.validation, 500), (made.test, 1000)):
        np.testing.assert_array_equal(np.bincount(split.y), [each] * 10)
    assert made.train.x.max() == 255
