"""A finished build, checked again: RTL against golden against QONNX, and whether faults show."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dse.errors import DataError, VerificationError
from dse.files import replace_atomically
from dse.progress import Progress
from hw_models.boards import BOARDS
from hw_models.build.build import file_sha256
from hw_models.build.design import Design, design, fabric_of
from hw_models.build.images import TestImages
from hw_models.build.mutate import is_caught, mutations
from hw_models.build.report import Report
from hw_models.build.verification import Verification, compare, require_equal
from hw_models.folding import Folding
from hw_models.frontend import read_model
from hw_models.frontend.execute import execute
from hw_models.model import Model
from hw_models.sim.golden import golden_outputs
from hw_models.sim.verilator import Traffic

CHECK = "check.json"

_DISAGREEMENT = 0.001
"""Part of the images on which float32 sums may choose another class; one image in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Golden against qonnx, which sums in float32.

    Attributes:
        images: Images compared.
        different: Images with a different largest output.
        greatest_difference: Of any output, relative to the largest one of all.
    """

    images: int
    different: int
    greatest_difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What checking a build found.

    Attributes:
        rtl: RTL against golden.
        qonnx: Golden against QONNX.
        mutations: Kind and place of each fault put in.
        missed: Those that verification did not notice.
    """

    rtl: Verification
    qonnx: Agreement
    mutations: tuple[str, ...]
    missed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what the last check of the build in `folder` found; `None` if there was none.

        Raises:
            DataError: The file is damaged.
        """
        path = folder / CHECK
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                rtl=Verification(**data["rtl"]),
                qonnx=Agreement(**data["qonnx"]),
                mutations=tuple(data["mutations"]),
                missed=tuple(data["missed"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path} is damaged ({error!r}); run bitfront verify again") from error


def rebuilt(report: Report, folder: Path) -> Design:
    """Return the design that the build in `folder` holds: its RTL is read from there.

    Raises:
        DataError: The network's file is missing or not the one that was built, or RTL is missing.
    """
    path = Path(report.model)
    model = read_model(path)
    if file_sha256(path) != report.model_sha256:
        raise DataError(f"{path} is not the file that {folder} was built from; build again")
    foldings = [Folding(**report.foldings[mvau.name]) for mvau in model.accelerator.mvaus]
    made = design(model, foldings, fabric_of(BOARDS[report.board], report.dsp))
    place = folder / "rtl"
    sources = tuple(place / source.name for source in made.rtl.sources)
    try:
        for source in sources:
            source.stat()
        return replace(
            made,
            rtl=replace(
                made.rtl,
                text=(place / f"{made.rtl.top}.sv").read_text(),
                sources=sources,
                memories=tuple((name, (place / name).read_text()) for name, _ in made.rtl.memories),
            ),
        )
    except OSError as error:
        raise DataError(f"{error.filename} is missing from the build; build again") from error


def check(
    folder: Path,
    made: Design,
    images: TestImages,
    *,
    faults: int,
    seed: int,
    progress: Progress,
) -> Check:
    """Compare RTL with golden and golden with QONNX, and count faults that show.

    What was found is kept beside the build's report.

    Args:
        folder: Folder of the build.
        made: What `rebuilt` gives for it.
        images: Images to compare on.
        faults: Faults to put in, one at a time.
        seed: Of stalls and faults.
        progress: Told of the steps.

    Raises:
        VerificationError: RTL differs from golden, or golden from QONNX on too many images.
        ToolError: Verilator is missing, fails or does not end in time.
    """
    work = folder / "check"
    codes = images.codes
    expected = golden_outputs(made.model, codes)
    progress("RTL against golden", 0, 1)
    traffic = Traffic(seed=seed, gap=0.2, backpressure=0.2)
    found = compare(made, codes, traffic, work, expected=expected)
    require_equal(found, made.rtl.top)
    progress("RTL against golden", 1, 1)
    agreement = _agreement(Path(Report.read(folder).model), made.model, codes, expected)
    names, missed = [], []
    for number, mutation in enumerate(mutations(made, codes, faults, seed) if faults else ()):
        progress("mutations", number, faults)
        names.append(f"{mutation.kind}: {mutation.place}")
        if not is_caught(mutation, codes, expected, work):
            missed.append(names[-1])
        progress("mutations", number + 1, faults)
    result = Check(rtl=found, qonnx=agreement, mutations=tuple(names), missed=tuple(missed))
    replace_atomically(folder / CHECK, json.dumps(result.to_json(), indent=1) + "\n")
    return result


def _agreement(
    path: Path, model: Model, codes: NDArray[np.int64], expected: NDArray[Any]
) -> Agreement:
    """Compare golden's real outputs with those of qonnx.

    Raises:
        VerificationError: Too many images have another largest output.
    """
    last = model.accelerator.nodes[-1]
    sums = expected
    if last.out_format is not None:
        sums = (last.out_format.decode(expected) / last.out_format.lsb).astype(np.int64)
    ours = model.output.values(sums).reshape(len(codes), -1)
    theirs = execute(path, model, codes)
    different = int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum())
    scale = max(float(np.abs(theirs).max()), float(np.finfo(np.float32).tiny))
    found = Agreement(
        images=len(codes),
        different=different,
        greatest_difference=float(np.abs(ours - theirs).max()) / scale,
    )
    if different > max(1, _DISAGREEMENT * len(codes)):
        raise VerificationError(
            f"golden and QONNX choose another output on {different} of {len(codes)} images"
        )
    return found
