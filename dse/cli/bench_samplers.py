"""``bitfront bench-samplers``: samplers replayed over studies that know every point."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from dse.api.network import study_evaluator
from dse.cli.network import CheckpointOption
from dse.errors import DesignError

_ALL = "all"


def bench_samplers(
    studies: Annotated[list[Path], typer.Argument(help="Folders of finished studies.")],
    out: Annotated[Path, typer.Option(help="Folder of the page.")],
    samplers: Annotated[str, typer.Option(help="Names, comma-separated.")] = _ALL,
    seeds: Annotated[int, typer.Option(help="Runs of each sampler.", min=1)] = 20,
    target: Annotated[
        float, typer.Option(help="Share of the hypervolume to reach [%].", min=1, max=100)
    ] = 99.0,
    limit: Annotated[int, typer.Option(help="Evaluations of a run at most.", min=1)] = 300,
    jobs: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
    checkpoint: CheckpointOption = None,
) -> None:
    """Count the evaluations that samplers need for a share of the true hypervolume.

    Nothing is evaluated again: every error is in the studies. What a sampler knows beforehand are
    costs and the SQNR of layers in formats.
    """
    from dse.api.progress import progress_bars
    from dse.files import require_writable_folder
    from dse.report.samplers import write_samplers
    from dse.search.evaluate import sensitivity_of
    from dse.search.replay import evaluated_space, replay_all
    from dse.search.samplers import SAMPLERS
    from dse.search.store import Store

    names = sorted(SAMPLERS) if samplers == _ALL else samplers.split(",")
    for name in names:
        SAMPLERS[name]  # an unknown one ends here
    require_writable_folder(out)
    spaces = []
    with progress_bars() as progress:
        for study in studies:
            with Store.open_readonly(study) as store:
                evaluator = study_evaluator(study, store.header, checkpoint, progress)
                sqnr = sensitivity_of(evaluator, store.header.settings)
                spaces.append(evaluated_space(store, sqnr))
        if len({space.name for space in spaces}) < len(spaces):
            raise DesignError("two studies are of the same network and size; give one of them")
        traces = replay_all(
            spaces,
            names,
            range(seeds),
            limit=limit,
            target_pct=target,
            jobs=jobs,
            progress=progress,
        )
    words = ["bitfront", "bench-samplers", *map(str, studies), "--out", str(out)]
    words += ["--samplers", samplers] if samplers != _ALL else []
    words += ["--seeds", str(seeds), "--target", f"{target:g}", "--limit", str(limit)]
    write_samplers(
        traces,
        {space.name: space.problem.size for space in spaces},
        target_pct=target,
        limit=limit,
        command=shlex.join(words),
        folder=out,
    )
    typer.echo(out / "README.md")
