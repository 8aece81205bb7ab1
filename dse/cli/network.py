"""What the command line takes for granted about a network: its data set, its checkpoint's name."""

import hashlib
from pathlib import Path

from dse.errors import DataError, DesignError


def default_data(model: str) -> str:
    """Return the data set the network called `model` was made for; loads torch.

    Raises:
        DesignError: It was made for none.
    """
    from dse.models import load_network

    name = load_network(model).default_data
    if not name:
        raise DesignError(f"network '{model}' has no data set of its own; give one with --data")
    return name


def checkpoint_sha256(path: Path | None) -> str:
    """Return the digest of a checkpoint's file; ``""`` where weights are trained here.

    Raises:
        DataError: The file cannot be read.
    """
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"checkpoint {path} cannot be read: {error.strerror or error}") from error
