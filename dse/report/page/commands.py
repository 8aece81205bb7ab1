"""The commands that turn a point of a study into hardware."""

import shlex
from pathlib import Path
from typing import Any

from dse.search.header import Header
from hw_models.boards import BOARDS

_MODEL, _FOLDINGS = "model.onnx", "model.foldings.json"
"""What export writes: the second beside the first, with the point's own folding."""


def commands(folder: Path, header: Header) -> dict[str, Any]:
    """Return, for the page, how its points are exported and built, or why they are not.

    ``export`` is what stands before and behind a point's digest, ``build`` what stands before and
    behind a board's name, ``boards`` the boards with the study's device, its own first.
    """
    settings = header.settings
    if header.partial is not None:
        _, function, _ = header.partial.host[0]
        return {"refused": f"{function} has no RTL, so points of this study have no export"}
    weights = " --checkpoint WEIGHTS" if settings.checkpoint_sha256 else ""
    dsp = " --dsp auto" if settings.dsp == "auto" else ""
    boards = [name for name in BOARDS if BOARDS[name].family == settings.device]
    return {
        "export": [
            f"bitfront export {shlex.quote(str(folder))} --point ",
            f"{weights} --out {_MODEL}",
        ],
        "build": [
            f"bitfront build {_MODEL} --board ",
            f" --fold {_FOLDINGS}{dsp} --out build",
        ],
        "boards": sorted(boards, key=lambda name: name != settings.board),
    }
