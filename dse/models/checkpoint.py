"""Trained weights in files: read without trusting them, checked against the network."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch

from dse.errors import DataError
from dse.models.base import Network
from dse.models.train import State

_COUNTER = "num_batches_tracked"  # BatchNorm's step counter: older files lack it, inference too


def load_checkpoint(network: Network, path: Path) -> State:
    """Read a state dict written by ``torch.save`` and fit it to `network`.

    A dict that holds the state dict under ``state_dict`` is taken too. Values are converted to
    the network's number types.

    Raises:
        DataError: The file is missing or damaged, holds more than tensors, misfits the network
            (names the first tensor that does), or holds NaN or Inf (names the tensor).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"checkpoint {path} cannot be read: {error.strerror}") from error
    try:
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may raise anything at all
        raise DataError(
            f"checkpoint {path} is damaged or no state dict of tensors; write it with "
            f"torch.save(model.state_dict(), file)"
        ) from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping):
        raise DataError(f"checkpoint {path} holds a {type(loaded).__name__}, not a state dict")
    return fitted(network, loaded, f"checkpoint {path}")


def fitted(network: Network, state: Mapping[str, object], where: str) -> State:
    """Return `state` in the order and number types of `network`'s own state dict.

    Raises:
        DataError: A tensor is missing, unknown, of another shape, or holds NaN or Inf.
    """
    own: State = network.initial(0).state_dict()
    for name in state:
        if name not in own:
            raise DataError(f"{where}: network '{network.name}' has no tensor '{name}'")
    result: State = {}
    for name, tensor in own.items():
        given = state.get(name, tensor if name.endswith(_COUNTER) else None)
        if not isinstance(given, torch.Tensor):
            raise DataError(f"{where} lacks the tensor '{name}' of network '{network.name}'")
        if given.shape != tensor.shape:
            raise DataError(
                f"{where}: tensor '{name}' has shape {tuple(given.shape)}, "
                f"network '{network.name}' needs {tuple(tensor.shape)}"
            )
        if not torch.isfinite(given).all():
            raise DataError(f"{where}: tensor '{name}' holds NaN or Inf; train again")
        result[name] = given.to(tensor.dtype).contiguous()
    return result


def state_digest(state: State) -> str:
    """Return the SHA-256 (hex) of names, shapes, number types and values of `state`."""
    digest = hashlib.sha256()
    for name, tensor in state.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
