"""The state of quantization-aware training in a file: whole, read without trusting it."""

import dataclasses
import io
from pathlib import Path

import torch

from dse.errors import DataError
from dse.files import replace_atomically
from dse.quant.qat.run import QatEpoch, QatState

_PARTS = ("module", "best", "optimizer", "schedule")


def save_checkpoint(state: QatState, key: str, path: Path) -> None:
    """Write a state to a file.

    Args:
        state: How far training is.
        key: Digest of everything the training depends on.
        path: File.

    Raises:
        DataError: The file cannot be written.
    """
    history = [dataclasses.asdict(epoch) for epoch in state.history]
    parts = {name: getattr(state, name) for name in _PARTS}
    buffer = io.BytesIO()
    torch.save({"key": key, "history": history, **parts}, buffer)
    replace_atomically(path, buffer.getvalue())


def load_checkpoint(key: str, path: Path) -> QatState | None:
    """Read a state back; `None` where there is no file.

    Raises:
        DataError: The file is damaged, or of a training with another key.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"checkpoint {path} cannot be read: {error.strerror}") from error
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        history = tuple(QatEpoch(**epoch) for epoch in loaded["history"])
        state = QatState(history=history, **{name: loaded[name] for name in _PARTS})
        found = loaded["key"]
    except Exception as error:  # a damaged file may raise anything at all
        raise DataError(
            f"checkpoint {path} is damaged; delete it to train from the start"
        ) from error
    if found != key:
        raise DataError(
            f"checkpoint {path} is of a training with another network, data, formats or settings; "
            "delete it, or name another folder"
        )
    return state
