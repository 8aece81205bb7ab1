"""CIFAR-10 batches, in both layouts, and pickles that want to run something."""

import pickle  # noqa: TID251 - makes the files under test
from pathlib import Path

import numpy as np
import pytest

from dse.data import load_dataset
from dse.errors import DataError

PER_BATCH = 20
NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def batch(rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    data = rng.integers(0, 256, (PER_BATCH, 3072), dtype=np.uint8)
    return data, [number % 10 for number in range(PER_BATCH)]


def pickled(data: np.ndarray, labels: list[int], protocol: int = 2) -> bytes:
    content = {b"batch_label": b"x", b"labels": labels, b"data": data, b"filenames": [b"a.png"]}
    return pickle.dumps(content, protocol=protocol)


def binary(data: np.ndarray, labels: list[int]) -> bytes:
    return np.column_stack([np.array(labels, np.uint8), data]).tobytes()


def write(folder: Path, rng: np.random.Generator, layout: str) -> np.ndarray:
    """Write six batches and return the pixels of the test batch."""
    place = folder / f"cifar-10-batches-{layout}"
    place.mkdir(parents=True)
    for name in NAMES:
        data, labels = batch(rng)
        if layout == "py":
            (place / name).write_bytes(pickled(data, labels))
        else:
            (place / f"{name}.bin").write_bytes(binary(data, labels))
    return data


@pytest.mark.parametrize("layout", ["py", "bin"])
def test_reads_both_layouts(tmp_path, rng, layout):
    pixels = write(tmp_path, rng, layout)
    made = load_dataset(f"cifar10:{tmp_path}", 0)
    sizes = [len(getattr(made, r)) for r in ("train", "calibration", "validation", "test")]
    assert sizes == [90, 90, 10, 20]
    np.testing.assert_array_equal(made.test.x, pixels.reshape(-1, 3, 32, 32))
    np.testing.assert_array_equal(made.test.y, np.arange(20) % 10)


def test_both_layouts_give_the_same_set(tmp_path):
    for layout in ("py", "bin"):
        write(tmp_path / layout, np.random.default_rng(1), layout)
    py, binary = (load_dataset(f"cifar10:{tmp_path / name}", 0) for name in ("py", "bin"))
    assert py.fingerprint == binary.fingerprint


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_reads_what_python_3_writes(tmp_path, rng, protocol):
    write(tmp_path, rng, "py")
    data, labels = batch(rng)
    content = pickled(data, labels, protocol)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(content)
    made = load_dataset(f"cifar10:{tmp_path}", 0)
    np.testing.assert_array_equal(made.test.x.reshape(-1, 3072), data)


def test_reads_the_byte_strings_python_2_wrote(tmp_path, rng):
    write(tmp_path, rng, "py")
    raw = bytes(range(256)) * 12
    old = (  # what Python 2.7 and NumPy 1.x write for {"data": array (1, 3072), "labels": [3]}
        b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        b"U\x01b\x87R(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T\x00\x0c\x00\x00" + raw + b"tbU\x06labels]K\x03au."
    )
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(old)
    made = load_dataset(f"cifar10:{tmp_path}", 0)
    np.testing.assert_array_equal(made.test.x.ravel(), np.frombuffer(raw, np.uint8))
    assert made.test.y.tolist() == [3]


class Trap:
    """Touches a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_malicious_pickle_runs_nothing(tmp_path, rng, refusal):
    write(tmp_path, rng, "py")
    victim = tmp_path / "cifar-10-batches-py" / "data_batch_3"
    content = pickle.dumps({b"data": Trap(tmp_path / "sprung"), b"labels": [1]})
    pickle.loads(content)
    assert (tmp_path / "sprung").exists()  # the trap works where nothing guards it
    (tmp_path / "sprung").unlink()
    victim.write_bytes(content)
    with refusal(DataError, str(victim), "asks for"):
        load_dataset(f"cifar10:{tmp_path}", 0)
    assert not (tmp_path / "sprung").exists()


def test_a_damaged_file_costs_no_memory(tmp_path, rng, refusal):
    write(tmp_path, rng, "py")
    victim = tmp_path / "cifar-10-batches-py" / "test_batch"
    for greedy in (b"}r\xff\xff\xff\x7f.", b"\x96\xff\xff\xff\xff\xff\x00\x00\x00."):
        victim.write_bytes(b"\x80\x05" + greedy)  # a memo of 2^31 entries, a terabyte of bytes
        with refusal(DataError, str(victim)):
            load_dataset(f"cifar10:{tmp_path}", 0)


@pytest.mark.parametrize(
    "name", ["builtins eval", "os system", "numpy.core.multiarray fromstring", "numpy load"]
)
def test_every_other_name_is_refused(tmp_path, rng, name, refusal):
    write(tmp_path, rng, "py")
    module, function = name.split()
    victim = tmp_path / "cifar-10-batches-py" / "test_batch"
    victim.write_bytes(f"c{module}\n{function}\n(S'1'\ntR.".encode())
    with refusal(DataError, str(victim), f"{module}.{function}"):
        load_dataset(f"cifar10:{tmp_path}", 0)


def bad_pickles(rng: np.random.Generator) -> dict[str, bytes]:
    data, labels = batch(rng)
    return {
        "empty": b"",
        "text": b"<html>",
        "truncated": pickled(data, labels)[:5000],
        "a list": pickle.dumps([1, 2]),
        "no labels": pickle.dumps({b"data": data}, protocol=2),
        "no data": pickle.dumps({b"labels": labels}, protocol=2),
        "data is text": pickle.dumps({b"data": "x", b"labels": labels}, protocol=2),
        "float labels": pickled(data, [0.5] * PER_BATCH),
        "float images": pickled(data.astype(np.float32), labels),
        "object images": pickled(np.array([{}] * 3072, dtype=object), [1]),
        "column order": pickled(np.asfortranarray(data), labels),
        "odd size": pickled(data[:, :3000], labels),
        "too few labels": pickled(data, labels[:-1]),
        "label 10": pickled(data, [10] * PER_BATCH),
        "no images": pickled(data[:0], []),
    }


@pytest.mark.parametrize("kind", list(bad_pickles(np.random.default_rng(0))))
def test_damaged_python_batches_are_named(tmp_path, rng, kind, refusal):
    write(tmp_path, rng, "py")
    victim = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    victim.write_bytes(bad_pickles(rng)[kind])
    with refusal(DataError, str(victim)):
        load_dataset(f"cifar10:{tmp_path}", 0)


@pytest.mark.parametrize("content", [b"", bytes(3072), bytes([10]) + bytes(3072)])
def test_damaged_binary_batches_are_named(tmp_path, rng, content, refusal):
    write(tmp_path, rng, "bin")
    victim = tmp_path / "cifar-10-batches-bin" / "data_batch_2.bin"
    victim.write_bytes(content)
    with refusal(DataError, str(victim)):
        load_dataset(f"cifar10:{tmp_path}", 0)


def test_a_missing_batch_is_named(tmp_path, rng, refusal):
    write(tmp_path, rng, "py")
    (tmp_path / "cifar-10-batches-py" / "data_batch_4").unlink()
    with refusal(DataError, "lacks data_batch_4"):
        load_dataset(f"cifar10:{tmp_path}", 0)


def test_absence_says_how_to_get_it(monkeypatch, tmp_path, refusal):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with refusal(DataError, "cifar-10-python.tar.gz", "cifar10:PATH"):
        load_dataset("cifar10", 0)
