"""From a QONNX file to verified RTL and a bitstream, in one call."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from dse.api.images import images_for
from dse.api.progress import progress_bars
from dse.point import Dsp
from dse.progress import silent

if TYPE_CHECKING:
    from hw_models.build import Report


def build(
    model: str | Path,
    board: str,
    *,
    out: str | Path,
    fold: str = "auto",
    clock_mhz: float | None = None,
    images: str = "20",
    count: int | None = None,
    dsp: Dsp = "none",
    seed: int = 0,
    bitstream: bool = True,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> "Report":
    """Build a network: RTL, its verification, synthesis, place and route, bitstream, report.

    This is ``bitfront build``. A killed build goes on where it was.

    Args:
        model: QONNX file.
        board: Board, e.g. ``ulx3s-85f``.
        out: Folder of the build.
        fold: ``auto`` (40 % of the board), ``fps=N``, or a JSON file of foldings.
        clock_mhz: Clock the board can make [MHz]; the family's nominal one without.
        images: How many images to draw, or a data set whose test images to take.
        count: Images of a data set; all without.
        dsp: Whether DSP blocks may multiply.
        seed: Of stalls, drawn images and the placer.
        bitstream: Whether to go on after synthesis.
        progress: Show progress bars.
        say: Told what else a user should know, such as a clock that was missed.

    Raises:
        UserError: File, board, folding or images do not fit one another.
        VerificationError: The RTL differs from golden: names the node and the first difference.
        ToolError: A tool is missing, fails or does not end in time.
    """
    from hw_models.boards import BOARDS
    from hw_models.build import Order
    from hw_models.build import build as build_network
    from hw_models.devices import DEVICES
    from hw_models.frontend import read_model

    target = BOARDS[board]
    nominal_mhz = DEVICES[target.family].clock_mhz
    clock = target.clock_at_most(nominal_mhz) if clock_mhz is None else target.clock(clock_mhz)
    network = read_model(Path(model))
    codes = images_for(network.input, images, count, seed)
    order = Order(
        model=Path(model),
        board=target,
        fold=fold,
        clock_mhz=clock.clock_mhz,
        dsp=dsp,
        seed=seed,
        with_bitstream=bitstream,
    )
    with progress_bars() if progress else nullcontext(silent) as bars:
        return build_network(order, network, codes, Path(out), bars, say)
