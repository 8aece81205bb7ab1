"""NumPy archives a user brings."""

from pathlib import Path

import numpy as np
import pytest

from dse.data import load_dataset
from dse.errors import DataError
from dse.formats import IntFormat


@pytest.fixture
def arrays(rng) -> dict[str, np.ndarray]:
    return {
        "x_train": rng.integers(0, 256, (30, 3, 4, 5), dtype=np.uint8),
        "y_train": np.arange(30) % 3,
        "x_test": rng.integers(0, 256, (9, 3, 4, 5), dtype=np.uint8),
        "y_test": np.arange(9) % 3,
    }


@pytest.fixture
def load(tmp_path):
    def write_and_load(arrays: dict[str, np.ndarray]):
        np.savez(tmp_path / "set.npz", **arrays)
        return load_dataset(f"npz:{tmp_path / 'set.npz'}", 0)

    return write_and_load


def test_uint8_images_are_codes(load, arrays):
    made = load(arrays)
    assert (made.input_format, made.input_scale) == (IntFormat(bits=8, signed=False), 1 / 255)
    assert [len(s) for s in (made.train, made.validation, made.test)] == [27, 3, 9]
    assert made.n_classes == 3
    np.testing.assert_array_equal(made.test.x, arrays["x_test"])


@pytest.mark.parametrize(("low", "signed", "steps"), [(0.0, False, 255), (-3.0, True, 127)])
def test_float_images_get_an_input_quantizer(load, arrays, rng, low, signed, steps):
    for name in ("x_train", "x_test"):
        arrays[name] = rng.uniform(low, 2.0, arrays[name].shape).astype(np.float32)
    made = load(arrays)
    assert made.input_format == IntFormat(bits=8, signed=signed)
    assert made.input_scale == float(np.abs(arrays["x_train"]).max()) / steps
    inside = np.abs(arrays["x_test"]) <= np.abs(arrays["x_train"]).max()
    error = np.abs(made.as_float(made.test) - arrays["x_test"])[inside]
    assert error.max() <= made.input_scale / 2 * (1 + 1e-6)


def test_missing_file(tmp_path, refusal):
    with refusal(DataError, str(tmp_path / "no.npz"), "no such file"):
        load_dataset(f"npz:{tmp_path / 'no.npz'}", 0)


def test_missing_arrays_are_named(load, arrays, refusal):
    del arrays["y_train"], arrays["x_test"]
    with refusal(DataError, "lacks y_train, x_test"):
        load(arrays)


def test_object_arrays_are_not_unpickled(load, arrays, tmp_path, refusal):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    arrays["y_train"] = np.array([Trap()], dtype=object)
    with refusal(DataError, "set.npz"):
        load(arrays)
    assert not (tmp_path / "sprung").exists()


def test_garbage_is_no_archive_and_nobody_is_told_to_trust_it(tmp_path):
    path = tmp_path / "set.npz"
    path.write_bytes(b"no archive at all")
    with pytest.raises(DataError, match=r"set\.npz is no NumPy archive; write it") as caught:
        load_dataset(f"npz:{path}", 0)
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.95])
def test_truncated_archive(load, arrays, tmp_path, keep, refusal):
    load(arrays)
    path = tmp_path / "set.npz"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with refusal(DataError, "set.npz"):
        load_dataset(f"npz:{path}", 0)


def test_damaged_member(arrays, tmp_path, refusal):
    path = tmp_path / "set.npz"
    np.savez_compressed(path, **arrays)
    content = bytearray(path.read_bytes())
    content[200:240] = bytes(40)
    path.write_bytes(content)
    with refusal(DataError, "set.npz"):
        load_dataset(f"npz:{path}", 0)


def test_a_single_array_is_no_archive(tmp_path, refusal):
    np.save(tmp_path / "one.npy", np.zeros(3))
    with refusal(DataError, "numpy.savez"):
        load_dataset(f"npz:{tmp_path / 'one.npy'}", 0)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("x_test", np.zeros((9, 3, 4, 5), np.float32), ("x_train is uint8", "x_test float32")),
        ("x_test", np.zeros((9, 3, 4, 6), np.uint8), ("(3, 4, 6)", "(3, 4, 5)")),
        ("x_test", np.zeros((0, 3, 4, 5), np.uint8), ("x_test", "no images")),
        ("x_train", np.zeros((30, 3, 4, 5), np.int64), ("int64", "uint8 or float32")),
        ("y_test", np.full(9, 3), ("label 3 of image 0", "3 classes")),
        ("y_test", np.full(9, -1), ("label -1 of image 0",)),
        ("y_test", np.full(9, 0.5), ("float64", "whole")),
        ("y_train", np.full(30, 255), ("up to 255", "no image has label 0")),
        ("y_train", np.arange(30) % 3 * 2, ("no image has label 1",)),
    ],
)
def test_arrays_that_do_not_fit(load, arrays, name, value, words, refusal):
    arrays[name] = value
    with refusal(DataError, "set.npz", *words):
        load(arrays)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_inf(load, arrays, value, refusal):
    for name in ("x_train", "x_test"):
        arrays[name] = arrays[name].astype(np.float32)
    arrays["x_test"][7, 1, 2, 3] = value
    with refusal(DataError, "x_test", "image 7", "NaN or Inf"):
        load(arrays)


@pytest.mark.parametrize("value", [0.0, 1e-44])
def test_all_zero_images(load, arrays, value, refusal):
    for name in ("x_train", "x_test"):
        arrays[name] = np.full(arrays[name].shape, value, np.float32)
    with refusal(DataError, "no value exceeds"):
        load(arrays)


def test_the_path_does_not_change_the_fingerprint(load, arrays, tmp_path):
    made = load(arrays)
    moved = (tmp_path / "set.npz").rename(tmp_path / "moved.npz")
    assert load_dataset(f"npz:{moved}", 0).fingerprint == made.fingerprint
