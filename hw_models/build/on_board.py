"""Images through the board a build was made for, against golden."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw_models.boards import BOARDS
from hw_models.build.design import Design, core_interface
from hw_models.build.images import TestImages
from hw_models.build.report import Report
from hw_models.host.driver import Driver
from hw_models.host.session import Place, connected, run_images
from hw_models.model import Model
from hw_models.rtl.board import BAUD
from hw_models.sim.golden import golden_outputs
from hw_models.sim.virtual_board import virtual_board

SIMULATED = "sim"
"""Name of the port behind which a virtual board is started."""

_NO_SPEED = 0  # a pseudo-terminal has none


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBoard:
    """What a run found; `to_json` gives it by these names.

    Attributes:
        port: Where the board was.
        images: Where the images came from.
        frames: How many.
        words_compared: Output elements compared with golden.
        words_different: Those that differ.
        classes: Position of the greatest value of each image's output.
        top1_pct: Images whose class is the label's [%]; None without labels.
        compute_fps: Frames per second of the accelerator alone, as the build measured it.
        link_fps: Frames per second through the link, measured now. A virtual board's say how fast
            the simulator is.
        resent: Commands that had to be sent again.
    """

    port: str
    images: str
    frames: int
    words_compared: int
    words_different: int
    classes: tuple[int, ...]
    top1_pct: float | None
    compute_fps: float
    link_fps: float
    resent: int

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def run_on_board(
    report: Report,
    made: Design,
    images: TestImages,
    labels: NDArray[np.int64] | None,
    port: str,
    folder: Path,
    progress: Callable[[int], None],
) -> OnBoard:
    """Run images on the board that a build was made for.

    Args:
        report: Of the build.
        made: Its design.
        images: Input codes, at least one image.
        labels: Their classes, shape `(n,)`; None if nobody knows.
        port: A tty, or `SIMULATED` for a virtual board.
        folder: Where a virtual board keeps its files.
        progress: Told how many images are done.

    Raises:
        DataError: The port cannot be used, or the images do not fit.
        DesignError: The board runs another design.
        ToolError: Nobody answers, or the virtual board does not start.
    """
    place = Place(
        core=core_interface(made),
        board=BOARDS[report.board],
        clock_mhz=report.clock_mhz,
        baud=BAUD,
        frame_cycles=report.latency_cycles,
    )
    with _driver(place, port, folder) as driver:
        session = run_images(driver, place.core, images.codes, progress)
    expected = golden_outputs(made.model, images.codes)
    found = session.outputs.reshape(expected.shape)
    classes = _values(made.model, found).reshape(len(found), -1).argmax(axis=1)
    return OnBoard(
        port=port,
        images=images.source,
        frames=len(found),
        words_compared=found.size,
        words_different=int((found != expected).sum()),
        classes=tuple(int(c) for c in classes),
        top1_pct=None if labels is None else 100 * float((classes == labels).mean()),
        compute_fps=report.compute_fps,
        link_fps=session.link_fps,
        resent=session.resent,
    )


@contextmanager
def _driver(place: Place, port: str, folder: Path) -> Iterator[Driver]:
    """Connect to the board at `port`, or to a virtual one that ends with the context."""
    if port == SIMULATED:
        with (
            virtual_board(place.core, place.board, place.clock_mhz, folder) as terminal,
            connected(place, terminal, _NO_SPEED, place.virtual_answer_s()) as driver,
        ):
            yield driver
    else:
        with connected(place, Path(port), place.baud, place.answer_s()) as driver:
            yield driver


def _values(model: Model, outputs: NDArray[Any]) -> NDArray[np.float32]:
    """Return what the host makes of outputs, `(n, vectors, channels)`."""
    number_format = model.accelerator.nodes[-1].out_format
    if number_format is None:
        return model.output.values(outputs)
    integers = number_format.decode(outputs) / number_format.lsb
    return model.output.values(integers.astype(np.int64))
