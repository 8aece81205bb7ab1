"""``bitfront explore``: from a trained network to its front of accuracy against hardware cost."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.network import (
    ActRangeOption,
    CalibrationOption,
    CheckpointOption,
    EdgeFormatOption,
    ExecutorOption,
    GranularityOption,
    HostOption,
    KnownOption,
    ScaleOption,
    UnsignedActsOption,
    WeightRangeOption,
)
from dse.point import Dsp
from dse.search.settings import DEFAULT_SWEEP, QAT_DEFAULTS

if TYPE_CHECKING:
    from dse.api.study import Study


def explore(
    model: Annotated[
        str, typer.Option(help="Network, e.g. digits-cnn, or package.module:factory.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the study; an interrupted one goes on.")],
    data: Annotated[
        str | None,
        typer.Option(help="Data set, e.g. digits, npz:PATH.", show_default="the network's own"),
    ] = None,
    weights: Annotated[str, typer.Option(help="Weight formats, e.g. int3-8,e4m3.")] = DEFAULT_SWEEP,
    acts: Annotated[
        str, typer.Option(help="Activation formats; same: each weight format with itself.")
    ] = DEFAULT_SWEEP,
    device: Annotated[str, typer.Option(help="FPGA family.")] = "xcup",
    fps: Annotated[float, typer.Option(help="Images per second, at the nominal clock.")] = 10_000.0,
    dsp: Annotated[Dsp, typer.Option(help="Whether DSP blocks may multiply.")] = "none",
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Processes that evaluate.", show_default="1; every core where images stream"
        ),
    ] = None,
    executor: ExecutorOption = "processes",
    known: KnownOption = None,
    seed: Annotated[int, typer.Option(help="Decides splits and training.")] = 0,
    checkpoint: CheckpointOption = None,
    edge_format: EdgeFormatOption = None,
    unsigned_acts: UnsignedActsOption = False,
    granularity: GranularityOption = "per_channel",
    scale: ScaleOption = "float32",
    act_range: ActRangeOption = "mse",
    weight_range: WeightRangeOption = "mse",
    host: HostOption = "float",
    calibration: CalibrationOption = None,
    ptq: Annotated[
        str, typer.Option(help="Post-training recipes, e.g. none,equalize+bias,gptq.")
    ] = "none",
    best_of: Annotated[
        bool, typer.Option("--best-of", help="A pair's best recipe on validation stands for it.")
    ] = False,
    qat: Annotated[
        int, typer.Option(help="Points to train, quantization-aware: the front's first.")
    ] = 0,
    qat_epochs: Annotated[
        int, typer.Option(help="Most passes of a training over its images.")
    ] = QAT_DEFAULTS.epochs,
    qat_lr: Annotated[
        float, typer.Option(help="Highest learning rate of a training.")
    ] = QAT_DEFAULTS.peak_lr,
    exact: Annotated[
        bool | None,
        typer.Option(
            "--exact/--end-dominated",
            help="All images for every point, or end those sure to be dominated.",
            show_default="--exact; --end-dominated where images stream from files",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Evaluate a network in every pair of formats and report its accuracy-cost front.

    With --ptq, each pair is evaluated once for every recipe. With --qat N, N pairs are then trained
    on from their best recipe: those that add most to the front, then to the front behind it.
    """
    from dse.api.explore import explore as explore_network

    try:
        study = explore_network(
            model,
            data,
            out=out,
            weights=weights,
            acts=acts,
            device=device,
            fps=fps,
            dsp=dsp,
            jobs=jobs,
            executor=executor,
            known=known or (),
            seed=seed,
            checkpoint=checkpoint,
            edge_format=edge_format,
            unsigned_acts=unsigned_acts,
            granularity=granularity,
            scale=scale,
            act_range=act_range,
            weight_range=weight_range,
            host=host,
            calibration=calibration,
            ptq=ptq,
            best_of=best_of,
            qat=qat,
            qat_epochs=qat_epochs,
            qat_lr=qat_lr,
            exact=exact,
        )
    except KeyboardInterrupt:
        typer.echo("stopped; what was finished is kept, the same command goes on", err=True)
        raise
    if as_json:
        typer.echo(json.dumps(_summary(study), indent=2))
    else:
        _print(study)


def _files(folder: Path) -> dict[str, str]:
    """Return where a study's results are, by what they are."""
    return {
        "study": str(folder / "study.db"),
        "report": str(folder / "report.md"),
        "evaluations": str(folder / "evaluations.csv"),
        "front": str(folder / "front.csv"),
        "figures": str(folder / "figures"),
    }


def _summary(study: "Study") -> dict[str, object]:
    from dse.cli.point_table import point_rows
    from dse.selection import best_recipes

    findings = study.findings
    return {
        **_files(study.folder),
        "n_points": findings.n_planned,
        "n_computed": study.n_computed,
        "n_ended": len(findings.ended),
        "n_front": len(findings.front),
        "best_recipes": best_recipes(findings.evaluations)["recipe"].value_counts().to_dict(),
        "hypervolume": findings.hypervolume,
        "float_test_top1_pct": findings.header.float_accuracy.test_top1_pct,
        "interesting": list(point_rows(findings.interesting)),
    }


def _print(study: "Study") -> None:
    from rich.console import Console

    from dse.cli.point_table import point_table

    findings = study.findings
    before = findings.header.float_accuracy.test_top1_pct
    front, shown = len(findings.front), len(findings.interesting)
    behind = ", behind it come the next ones" if front < shown else ""
    caption = (
        f"The most telling points first; the front has {front}{behind}. Float: {before:.2f} %."
    )
    columns = ("val_top1_pct", "test_top1_pct", findings.header.cost_column)
    Console().print(point_table(findings.interesting, columns, caption))
    typer.echo(f"{findings.n_planned} points, {study.n_computed} evaluated by this run")
    if findings.ended:
        typer.echo(f"{len(findings.ended)} ended without an accuracy: {study.folder / 'ended.csv'}")
    for name, place in _files(study.folder).items():
        typer.echo(f"{name:12}{place}")
