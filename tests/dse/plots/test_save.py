import pytest

from dse.errors import DataError, DesignError
from dse.plots import by_bits, save_figure


def test_the_same_study_gives_the_same_bytes(evaluations, tmp_path):
    first = save_figure(by_bits(evaluations), tmp_path / "a" / "figure")
    second = save_figure(by_bits(evaluations), tmp_path / "b" / "figure")
    assert [path.name for path in first] == ["figure.png", "figure.svg", "figure.pdf"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert len(list((tmp_path / "a").iterdir())) == 3


def test_fonts_are_embedded_as_truetype(evaluations, tmp_path):
    (path,) = save_figure(by_bits(evaluations), tmp_path / "figure", ["pdf"])
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Type3" not in content
    assert b"/CIDFontType2" in content


@pytest.mark.parametrize("file_format", ["svg", "pdf"])
def test_nothing_tells_when_or_by_which_version(evaluations, tmp_path, file_format):
    (path,) = save_figure(by_bits(evaluations), tmp_path / "figure", [file_format])
    content = path.read_bytes()
    for word in (b"CreationDate", b"<dc:date>", b"Matplotlib v"):
        assert word not in content


def test_an_ending_in_the_name_is_kept(evaluations, tmp_path):
    (path,) = save_figure(by_bits(evaluations), tmp_path / "v1.2", ["png"])
    assert path.name == "v1.2.png"


def test_an_unknown_file_format_is_refused(evaluations, tmp_path):
    with pytest.raises(DesignError, match="png, svg, pdf"):
        save_figure(by_bits(evaluations), tmp_path / "figure", ["bmp"])


def test_an_unwritable_folder_is_named(evaluations, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot write"):
        save_figure(by_bits(evaluations), tmp_path / "file" / "figure", ["png"])
