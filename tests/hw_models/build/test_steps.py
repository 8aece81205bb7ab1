"""Steps: done once for the same inputs, whatever happens in between."""

import json

import pytest

from hw_models.build.steps import Steps


def _steps(folder, progress=lambda *_: None):
    return Steps(folder, {"first": 1, "second": 3}, progress)


def test_a_step_is_done_again_only_if_its_inputs_change(tmp_path):
    done = []

    def work(folder):
        done.append(folder)
        return {"runs": len(done)}

    assert _steps(tmp_path).run("first", ("a", "b"), work) == {"runs": 1}
    assert _steps(tmp_path).run("first", ("a", "b"), work) == {"runs": 1}
    assert _steps(tmp_path).run("first", ("ab", ""), work) == {"runs": 2}
    assert done == [tmp_path / "first"] * 2


def test_a_step_that_fails_leaves_no_record(tmp_path):
    _steps(tmp_path).run("first", ("a",), lambda folder: {"whole": 1})
    with pytest.raises(ZeroDivisionError):
        _steps(tmp_path).run("first", ("b",), lambda folder: {"whole": 1 // 0})
    assert not (tmp_path / "steps" / "first.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"inputs": "x"}'])
def test_a_damaged_record_is_no_record(tmp_path, content):
    path = tmp_path / "steps" / "first.json"
    path.parent.mkdir()
    path.write_text(content)
    assert _steps(tmp_path).run("first", (), lambda folder: {"again": True}) == {"again": True}
    assert json.loads(path.read_text())["result"] == {"again": True}


def test_progress_counts_steps_by_their_weight(tmp_path):
    told = []
    steps = _steps(tmp_path, lambda *what: told.append(what))
    for name in ("first", "second"):
        steps.run(name, (), lambda folder: {})
    assert [what for what in told if what[0] == "build"] == [
        ("build", 0, 4),
        ("build", 1, 4),
        ("build", 1, 4),
        ("build", 4, 4),
    ]
    assert ("second", 0, 1) in told
    assert set(steps.seconds) == {"first", "second"}


@pytest.mark.parametrize("damage", ["gone", "cut", "more"])
def test_a_step_whose_files_are_not_those_it_left_is_done_again(tmp_path, damage):
    def work(folder):
        (folder / "deep").mkdir(parents=True, exist_ok=True)
        (folder / "deep" / "board.bit").write_text("bitstream")
        (folder / "more").unlink(missing_ok=True)
        done.append(folder)
        return {}

    done = []
    _steps(tmp_path).run("first", (), work)
    _steps(tmp_path).run("first", (), work)
    assert len(done) == 1
    made = tmp_path / "first" / "deep" / "board.bit"
    match damage:
        case "gone":
            made.unlink()
        case "cut":
            made.write_text("bit")
        case "more":
            (tmp_path / "first" / "more").write_text("x")
    _steps(tmp_path).run("first", (), work)
    assert len(done) == 2
    assert made.read_text() == "bitstream"
