"""``bitfront search``: formats layer by layer, chosen by a sampler."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.api.network import checkpoint_sha256, default_data
from dse.cli.network import ExecutorOption, KnownOption
from dse.errors import DataError, DesignError, FormatError
from dse.recipe import parse_recipes
from dse.search.decision import OPERANDS
from dse.search.settings import StudySettings
from hw_models.boards import BOARDS

if TYPE_CHECKING:
    from dse.search.source import NetworkAccuracy

_KINDS = {
    str: "text",
    float: "number",
    int: "whole number",
    bool: "true or false",
    list: 'list of texts, such as ["lut <= 0.8 * device"]',
}
_OPTIONS: dict[str, type] = {
    "model": str,
    "data": str,
    "checkpoint": str,
    "device": str,
    "board": str,
    "fps": float,
    "folding": str,
    "constraints": list,
    "dsp": str,
    "seed": int,
    "unsigned_acts": bool,
    "granularity": str,
    "scale": str,
    "act_range": str,
    "weight_range": str,
    "calibration": int,
    "ptq": str,
}


def search(
    space: Annotated[
        Path | None, typer.Argument(help="TOML file that says what is chosen.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the study.", show_default=False)
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of a search that goes on.", show_default=False)
    ] = None,
    sampler: Annotated[str, typer.Option(help="Which candidates are evaluated.")] = "two-stage",
    trials: Annotated[int, typer.Option(help="Evaluations in the folder at the end.")] = 200,
    seed: Annotated[int, typer.Option(help="Decides what is random in the sampler.", min=0)] = 0,
    executor: ExecutorOption = "processes",
    known: KnownOption = None,
    jobs: Annotated[int, typer.Option(help="Processes that evaluate.")] = 1,
    pending: Annotated[
        int | None,
        typer.Option(
            help="Evaluations at a time; unlike --jobs it decides what is asked.",
            show_default="what suits the sampler",
            min=1,
        ),
    ] = None,
) -> None:
    """Search formats layer by layer, and report the front.

    A killed search goes on with the same command, or with --resume and perhaps more trials.
    """
    from dse.api.progress import progress_bars
    from dse.report import write_report
    from dse.search.constraint import broken_by_all
    from dse.search.effort import Effort
    from dse.search.executor import check_executor
    from dse.search.known import known_accuracies
    from dse.search.search import search as search_space

    check_executor(executor, jobs)
    effort = Effort(sampler=sampler, trials=trials, seed=seed, pending=pending or 0)
    if (space is None) == (resume is None) or (space is None) != (out is None):
        raise DesignError("give a space with --out FOLDER, or --resume FOLDER")
    if space is not None and out is not None:
        settings, accuracy, folder = *_from_file(space), out
    else:
        assert resume is not None
        settings, accuracy, folder = *_from_study(resume), resume
    try:
        with progress_bars() as progress:
            study = search_space(
                settings,
                folder,
                accuracy,
                effort,
                jobs=jobs,
                executor=executor,
                known=known_accuracies(known or ()),
                progress=progress,
            )
    except KeyboardInterrupt:
        typer.echo("stopped; what was finished is kept, the same command goes on", err=True)
        raise
    findings = write_report(folder)
    typer.echo(
        f"{study.n_points} points, {study.n_computed} evaluated by this run, "
        f"{len(findings.front)} on the front, hypervolume {findings.hypervolume:.3f}"
    )
    if broken := broken_by_all(findings.header, findings.points):
        typer.echo(f"no point keeps every constraint: the nearest breaks {broken}")
    typer.echo(folder / "report.md")


def _from_file(path: Path) -> "tuple[StudySettings, NetworkAccuracy]":
    """Return what a space file says."""
    from dse.search.cheapest import is_foldable
    from dse.search.constraint import Constraint, with_board
    from dse.search.source import NetworkAccuracy
    from dse.search.space_file import decisions_in, options_in, read_space

    space = read_space(path)
    with _said_in(path):
        given = options_in(space, _OPTIONS)
    for name, value in given.items():
        kind = _OPTIONS[name]
        if not _is(kind, value):
            raise DesignError(f"{path}: {name} = {value!r} must be a {_KINDS[kind]}")
    if "model" not in given:
        raise DesignError(f'{path} does not say whose layers: model = "fmnist-cnn"')
    checkpoint = Path(given["checkpoint"]) if "checkpoint" in given else None
    accuracy = NetworkAccuracy.load(
        model=given["model"],
        checkpoint=checkpoint,
        data=given["data"] if "data" in given else default_data(given["model"]),
        calibration=given.get("calibration"),
        seed=given.get("seed", 0),
    )
    template = accuracy.template()
    board = given.get("board", "")
    with _said_in(path):
        decisions = decisions_in(space, [mvau.name for mvau in template.mvaus])
        constraints = [Constraint.parse(text) for text in given.get("constraints", [])]
    folding = given.get("folding", "cheapest" if is_foldable(template) else "fixed")
    formats = {
        operand: tuple(
            dict.fromkeys(chain.from_iterable(d.formats for d in decisions if d.operand == operand))
        )
        for operand in OPERANDS
    }
    settings = StudySettings(
        model=accuracy.model,
        data=accuracy.data,
        weights=formats["weights"],
        acts=formats["acts"],
        device=_device(path, given),
        fps=float(given.get("fps", 0.0 if folding == "fastest" else 10_000.0)),
        dsp=given.get("dsp", "none"),
        seed=accuracy.seed,
        checkpoint_sha256=checkpoint_sha256(checkpoint),
        edge_format=None,
        unsigned_acts=given.get("unsigned_acts", False),
        granularity=given.get("granularity", "per_channel"),
        scale=given.get("scale", "float32"),
        act_range=given.get("act_range", "mse"),
        weight_range=given.get("weight_range", "mse"),
        calibration=accuracy.calibration,
        recipes=parse_recipes(given.get("ptq", "none")),
        best_of=False,
        decisions=decisions,
        board=board,
        folding=folding,
        constraints=with_board(constraints, board),
    )
    return settings, accuracy


@contextmanager
def _said_in(path: Path) -> Iterator[None]:
    """Name the file in what is wrong with it."""
    try:
        yield
    except (DesignError, FormatError) as error:
        raise type(error)(f"{path}: {error}") from error


def _is(kind: type, value: object) -> bool:
    """Return whether a value of a space file is of a kind."""
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _device(path: Path, given: Mapping[str, Any]) -> str:
    """Return the FPGA family that a space file names, by itself or by a board."""
    if "board" not in given:
        return str(given.get("device", "xcup"))
    if "device" in given:
        raise DesignError(f"{path} names a device and a board, which has one; leave out the device")
    return BOARDS[given["board"]].family


def _from_study(folder: Path) -> "tuple[StudySettings, NetworkAccuracy]":
    """Return what a folder's study says."""
    from dse.search.schema import DB_NAME
    from dse.search.source import NetworkAccuracy
    from dse.search.store import Store

    if not (folder / DB_NAME).exists():
        raise DataError(
            f"no search in {folder}: 'bitfront search SPACE.toml --out {folder}' begins one"
        )
    with Store.open_readonly(folder) as store:
        settings = store.header.settings
    if not settings.decisions:
        raise DesignError(f"{folder} holds a sweep, not a search; 'bitfront explore' goes on there")
    if settings.checkpoint_sha256:
        raise DesignError(
            f"the weights of {folder} come from a checkpoint: give the space again, with --out"
        )
    return settings, NetworkAccuracy.of_study(settings, None)
