"""From a trained network to its front of accuracy against hardware cost, in one call."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from dse.api.network import checkpoint_sha256, default_data
from dse.api.progress import progress_bars
from dse.api.study import Study
from dse.errors import DesignError
from dse.formats import parse_format, parse_sweep
from dse.point import ActRange, Dsp, Granularity, HostMath, Scale, WeightRange
from dse.progress import silent
from dse.recipe import parse_recipes
from dse.report import write_report
from dse.search.executor import PROCESSES, check_executor
from dse.search.known import known_accuracies
from dse.search.settings import DEFAULT_SWEEP, QAT_DEFAULTS, StudySettings
from dse.search.source import NetworkAccuracy
from dse.search.study import explore as explore_grid

if TYPE_CHECKING:
    from dse.models.factory import Factory

SAME = "same"


def explore(
    model: "str | Factory",
    data: str | None = None,
    *,
    out: str | Path,
    weights: str = DEFAULT_SWEEP,
    acts: str = DEFAULT_SWEEP,
    device: str = "xcup",
    fps: float = 10_000.0,
    dsp: Dsp = "none",
    jobs: int | None = None,
    executor: str | Executor = PROCESSES,
    known: Sequence[str | Path] = (),
    seed: int = 0,
    checkpoint: str | Path | None = None,
    edge_format: str | None = None,
    unsigned_acts: bool = False,
    granularity: Granularity = "per_channel",
    scale: Scale = "float32",
    act_range: ActRange = "mse",
    weight_range: WeightRange = "mse",
    host: HostMath = "float",
    calibration: int | None = None,
    ptq: str = "none",
    best_of: bool = False,
    qat: int = 0,
    qat_epochs: int = QAT_DEFAULTS.epochs,
    qat_lr: float = QAT_DEFAULTS.peak_lr,
    exact: bool | None = None,
    progress: bool = True,
) -> Study:
    """Evaluate a network in every pair of formats, write the study's report, and return the study.

    This is ``bitfront explore``, whose help says more of the options. What `out` holds already is
    not computed again.

    Args:
        model: Name of a network, e.g. ``digits-cnn`` or ``package.module:factory``, or a function
            without arguments that returns a `torch.nn.Module`. One that a notebook or a script
            defines cannot be found by other processes; `jobs` is 1 then.
        data: Data set, e.g. ``digits`` or ``npz:PATH``; the network's own without.
        out: Folder of the study; an interrupted one goes on.
        weights: Weight formats, as ``int3-8,e4m3``.
        acts: Activation formats; ``same`` pairs each weight format with itself.
        device: FPGA family.
        fps: Images per second, at the device's nominal clock.
        dsp: Whether DSP blocks may multiply.
        jobs: Processes that evaluate; without, 1, or every core where images stream from files.
        executor: Who evaluates: ``processes``, ``dask``, ``dask:ADDRESS``, or an executor of
            `concurrent.futures`.
        known: Folders of studies whose accuracies are taken where they are the same.
        seed: Decides splits and training.
        checkpoint: File with a torch state dict; without, the network is trained.
        edge_format: Weight format of the first and the last layer, where it is another.
        unsigned_acts: Unsigned formats for what is never negative.
        granularity: Weight scales per output channel or per tensor.
        scale: Values a scale may take.
        act_range: How activation scales are found.
        weight_range: How weight scales are found.
        host: What functions that have no hardware read.
        calibration: Images to calibrate on; without, all that are set aside.
        ptq: Post-training recipes, as ``none,equalize+bias``.
        best_of: A pair's best recipe on validation stands for it.
        qat: Points that are then trained, those that matter most to the front.
        qat_epochs: Most passes of a training over its images.
        qat_lr: Highest learning rate of a training.
        exact: All images for every point; without, unless images stream from files.
        progress: Show progress bars.

    Raises:
        UserError: Something asked for is unknown, contradictory, missing or damaged, or `out`
            holds a study of something else; that study is unchanged.
    """
    check_executor(executor, 1 if jobs is None else jobs)
    folder, weights_file = Path(out), Path(checkpoint) if checkpoint is not None else None
    weight_formats, is_paired = parse_sweep(weights), acts == SAME
    act_formats = weight_formats if is_paired else parse_sweep(acts)
    edge = parse_format(edge_format) if edge_format is not None else None
    recipes = parse_recipes(ptq)
    name = _name_of(model, is_alone=executor == PROCESSES and (jobs or 1) == 1)
    accuracy = NetworkAccuracy.load(
        model=name,
        checkpoint=weights_file,
        data=data if data is not None else default_data(name),
        calibration=calibration,
        seed=seed,
        host=host,
    )
    settings = StudySettings(
        model=name,
        data=accuracy.data,
        weights=weight_formats,
        acts=act_formats,
        device=device,
        fps=fps,
        dsp=dsp,
        seed=seed,
        checkpoint_sha256=checkpoint_sha256(weights_file),
        edge_format=edge,
        unsigned_acts=unsigned_acts,
        granularity=granularity,
        scale=scale,
        act_range=act_range,
        weight_range=weight_range,
        calibration=accuracy.calibration,
        recipes=recipes,
        best_of=best_of,
        host=host,
        same_acts=is_paired,
        exact=exact if exact is not None else not accuracy.streams,
        qat=qat,
        qat_epochs=qat_epochs,
        qat_lr=qat_lr,
    )
    if jobs is None:
        jobs = (os.cpu_count() or 1) if accuracy.streams and not _is_local(name) else 1
    with progress_bars() if progress else nullcontext(silent) as bars:
        run = explore_grid(
            settings,
            folder,
            accuracy,
            jobs=jobs,
            executor=executor,
            known=known_accuracies(list(map(Path, known))),
            progress=bars,
        )
    return Study(folder=folder, findings=write_report(folder), n_computed=run.n_computed)


def _name_of(model: "str | Factory", *, is_alone: bool) -> str:
    """Return the name a study remembers a network by.

    Args:
        model: The name, or what makes the network.
        is_alone: Whether no other process needs to make it.

    Raises:
        DesignError: Other processes are to find it, and cannot.
    """
    if isinstance(model, str):
        name = model
    else:
        from dse.models.factory import name_of_factory

        name = name_of_factory(model)
    if _is_local(name) and not is_alone:
        raise DesignError(
            f"network '{name}' is defined in a notebook or script, where other processes cannot "
            "find it; put it into a module of its own, or leave jobs at 1"
        )
    return name


def _is_local(name: str) -> bool:
    return name.startswith("__main__:")
