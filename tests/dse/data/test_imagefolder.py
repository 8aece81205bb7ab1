"""Folders of PNG and JPEG files."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dse.data import load_dataset
from dse.errors import DataError
from dse.formats import parse_format


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path, rng) -> Path:
    """Two classes, RGB, 6 by 5 pixels (width by height): 5 training and 2 test images each."""
    for part, count in (("train", 5), ("val", 2)):
        for label, name in enumerate(("cat", "dog")):
            for number in range(count):
                pixels = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
                pixels[0, 0] = label
                save(tmp_path / part / name / f"{number}.png", pixels)
    (tmp_path / "train" / "cat" / "notes.txt").write_text("not an image")
    return tmp_path


def test_classes_and_splits(folder):
    made = load_dataset(f"imagefolder:{folder}", 0)
    assert made.input_shape == (3, 5, 6)
    assert [len(s) for s in (made.train, made.validation, made.test)] == [9, 1, 4]
    for split in (made.train, made.validation, made.test):
        np.testing.assert_array_equal(split.decoded[:, 0, 0, 0], split.y)


def test_pixels_are_channels_first(folder):
    made = load_dataset(f"imagefolder:{folder}", 0)
    with Image.open(folder / "val" / "cat" / "1.png") as image:
        np.testing.assert_array_equal(made.test.decoded[1], np.asarray(image).transpose(2, 0, 1))


def test_grey_images_have_one_channel(tmp_path, rng):
    for part in ("train", "val"):
        for name in ("a", "b"):
            save(tmp_path / part / name / "1.png", rng.integers(0, 256, (4, 4), dtype=np.uint8))
    assert load_dataset(f"imagefolder:{tmp_path}", 0).input_shape == (1, 4, 4)


def test_one_colour_image_makes_all_rgb(folder, rng):
    save(folder / "train" / "cat" / "grey.png", rng.integers(0, 256, (5, 6), dtype=np.uint8))
    made = load_dataset(f"imagefolder:{folder}", 0)
    assert made.input_shape == (3, 5, 6)


def test_jpeg(tmp_path):
    for part in ("train", "val"):
        for name, value in (("a", 10), ("b", 200)):
            save(tmp_path / part / name / "1.JPG", np.full((8, 8, 3), value, np.uint8))
    made = load_dataset(f"imagefolder:{tmp_path}", 0)
    np.testing.assert_allclose(made.test.decoded.mean(axis=(1, 2, 3)), [10, 200], atol=2)


def test_sizes_must_agree(folder, rng, refusal):
    odd = folder / "train" / "dog" / "odd.png"
    save(odd, rng.integers(0, 256, (7, 4, 3), dtype=np.uint8))
    with refusal(DataError, str(odd), "4 by 7", "6 by 5", "?size=N"):
        load_dataset(f"imagefolder:{folder}", 0)
    assert load_dataset(f"imagefolder:{folder}?size=4", 0).input_shape == (3, 4, 4)


def test_size_keeps_the_central_square(tmp_path):
    pixels = np.zeros((4, 12, 3), np.uint8)
    pixels[:, 4:8] = 255  # the square in the middle
    for part in ("train", "val"):
        for name in ("a", "b"):
            save(tmp_path / part / name / "1.png", pixels)
    made = load_dataset(f"imagefolder:{tmp_path}?size=4", 0)
    assert made.test.decoded.min() == 255


@pytest.mark.parametrize("size", ["0", "-1", "x", "3.5", "10000", "²"])
def test_bad_size(folder, size, refusal):
    with refusal(DataError, f"size={size}"):
        load_dataset(f"imagefolder:{folder}?size={size}", 0)


def test_truncated_image_is_named(folder, refusal):
    victim = folder / "val" / "dog" / "0.png"
    victim.write_bytes(victim.read_bytes()[:-60])
    made = load_dataset(f"imagefolder:{folder}", 0)
    with refusal(DataError, str(victim), "damaged"):
        made.as_float(made.test)


def test_images_are_decoded_when_they_are_asked_for(folder):
    made = load_dataset(f"imagefolder:{folder}", 0)
    assert made.is_streamed
    whole = made.as_float(made.test)
    for index in (1, 3):
        (folder / "val" / ("cat", "dog")[index // 2] / "0.png").unlink()
        part = made.as_float(made.test.take(np.array([index])))
        np.testing.assert_array_equal(part, whole[index : index + 1])
    with pytest.raises(DataError, match=r"0\.png cannot be read"):
        made.as_float(made.test)


def test_an_image_that_has_grown_meanwhile_is_named(folder, rng, refusal):
    made = load_dataset(f"imagefolder:{folder}", 0)
    save(folder / "val" / "cat" / "0.png", rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
    with refusal(DataError, "0.png", "has changed its size"):
        made.as_float(made.test)


def test_the_fingerprint_is_that_of_the_images_and_not_of_the_place(folder, tmp_path_factory):
    def fingerprint(place: Path) -> str:
        return load_dataset(f"imagefolder:{place}", 0).fingerprint

    before = fingerprint(folder)
    moved = tmp_path_factory.mktemp("elsewhere") / "images"
    shutil.copytree(folder, moved)
    assert fingerprint(moved) == before
    (moved / "train" / "cat" / "5.png").write_bytes((moved / "train/cat/0.png").read_bytes())
    assert fingerprint(moved) != before
    (moved / "train" / "cat" / "5.png").unlink()
    victim = moved / "val" / "dog" / "1.png"
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)
    assert fingerprint(moved) != before


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_not_an_image(folder, content, refusal):
    victim = folder / "train" / "dog" / "0.png"
    victim.write_bytes(content)
    with refusal(DataError, str(victim)):
        load_dataset(f"imagefolder:{folder}", 0)


def test_16_bit_image_is_refused(folder, refusal):
    save(folder / "train" / "cat" / "deep.png", np.zeros((5, 6), np.uint16))
    with refusal(DataError, "deep.png", "8 bits"):
        load_dataset(f"imagefolder:{folder}", 0)


def test_a_bomb_is_refused(folder, monkeypatch, refusal):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with refusal(DataError, "0.png"):
        load_dataset(f"imagefolder:{folder}", 0)


def test_missing_part(folder, refusal):
    (folder / "val").rename(folder / "test")
    with refusal(DataError, "no folder 'val'"):
        load_dataset(f"imagefolder:{folder}", 0)


def test_a_class_only_val_has(folder, refusal):
    (folder / "val" / "cat").rename(folder / "val" / "bird")
    with refusal(DataError, "bird"):
        load_dataset(f"imagefolder:{folder}", 0)


def test_a_class_without_images(folder, refusal):
    (folder / "train" / "empty").mkdir()
    with refusal(DataError, "empty", "no PNG or JPEG"):
        load_dataset(f"imagefolder:{folder}", 0)


def test_no_classes(tmp_path, refusal):
    (tmp_path / "train").mkdir()
    with refusal(DataError, "no class folders"):
        load_dataset(f"imagefolder:{tmp_path}", 0)


def test_the_middle_is_cut_from_the_scaled_square(folder):
    scaled = load_dataset(f"imagefolder:{folder}?size=8", 0)
    cut = load_dataset(f"imagefolder:{folder}?size=8&crop=4", 0)
    np.testing.assert_array_equal(cut.test.decoded, scaled.test.decoded[:, :, 2:6, 2:6])


@pytest.mark.parametrize("options", ["crop=4", "size=4&crop=6"])
def test_a_cut_larger_than_the_image_is_refused(folder, refusal, options):
    with refusal(DataError, "crop=", "give N of"):
        load_dataset(f"imagefolder:{folder}?{options}", 0)


def test_pixels_around_an_offset(folder):
    plain = load_dataset(f"imagefolder:{folder}", 0)
    shifted = plain.with_pixels(127, 1 / 128, parse_format("int9"))
    wanted = (plain.test.decoded.astype(np.float64) - 127) / 128
    assert np.array_equal(shifted.as_float(shifted.test), wanted)
    assert shifted.as_float(shifted.test).dtype == np.float32
    assert (shifted.input_format.name, shifted.input_scale) == ("int9", 1 / 128)
    assert shifted.fingerprint == plain.fingerprint
    with pytest.raises(DataError, match="no 8-bit pixels"):
        shifted.with_pixels(127, 1 / 128, parse_format("int9"))
