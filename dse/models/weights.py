"""Trained weights of a network on a data set: from a checkpoint, the cache, or training."""

import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from platformdirs import user_cache_path

from dse.errors import DataError, DesignError
from dse.files import keep_in_cache
from dse.models.base import Network
from dse.models.checkpoint import fitted, load_checkpoint, state_digest
from dse.models.train import Progress, State, silent, train

TRAINING_VERSION = 1
"""Raised by hand when `train` gives other weights from the same inputs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """What a network is trained on: inputs `(n, c, h, w)` and labels `(n,)`."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    x_val: NDArray[np.float32]
    y_val: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedWeights:
    """Weights and where they come from.

    Attributes:
        state: The state dict.
        digest: SHA-256 (hex) of it; what an accuracy depends on.
        path: The file they were read from or written to; `None` for a package's, and where the
            cache cannot be written.
        is_new: They were trained now.
    """

    state: State
    digest: str
    path: Path | None
    is_new: bool


def network_digest(network: Network) -> str:
    """Return the SHA-256 (hex) of what decides the result of training, apart from data and seed.

    That is the structure of the module with its layers' settings, the initial weights that seed 0
    draws, and the recipe. Comments and names of Python files do not count.

    Raises:
        DesignError: The module cannot be traced.
    """
    module = network.initial(0)
    try:
        program = torch.fx.symbolic_trace(module).code
    except Exception as error:  # tracing runs a user's forward pass
        reason = str(error).partition("\n")[0]
        raise DesignError(
            f"network '{network.name}' cannot be traced by torch.fx: {reason}; "
            f"its forward pass must not depend on values"
        ) from error
    recipe = json.dumps(dataclasses.asdict(network.recipe), sort_keys=True)
    pixels = () if network.pixels is None else (repr(network.pixels),)
    parts = (repr(module), program, state_digest(module.state_dict()), recipe, *pixels)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def cache_path(network: Network, fingerprint: str, seed: int) -> Path:
    """Return the file that caches weights of `network` trained on the data `fingerprint` names."""
    key = {
        "data": fingerprint,
        "network": network.name,
        "program": network_digest(network),
        "seed": seed,
        "version": TRAINING_VERSION,
    }
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", network.name)
    return user_cache_path("bitfront") / "weights" / f"{name}-{digest[:16]}.pt"


def trained(
    network: Network,
    fingerprint: str,
    examples: Callable[[], Examples],
    *,
    seed: int,
    checkpoint: Path | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> TrainedWeights:
    """Return trained weights: those of `checkpoint` if given, else cached ones, else new ones.

    A network with weights of its own has these instead of cached or new ones.

    Args:
        network: The network.
        fingerprint: Of the data set.
        examples: Gives the training and validation images; called only to train.
        seed: Of the training.
        checkpoint: File with a state dict of the user.
        threads: Threads torch may use to train.
        progress: Called after each epoch.

    Raises:
        DataError: The checkpoint cannot be used.
        DesignError: The training diverged.
    """
    if checkpoint is not None:
        return _read(network, checkpoint)
    if network.pretrained is not None:
        state = fitted(network, network.pretrained(), f"the weights of '{network.name}'")
        return TrainedWeights(state=state, digest=state_digest(state), path=None, is_new=False)
    path = cache_path(network, fingerprint, seed)
    if path.exists():
        try:
            return _read(network, path)
        except DataError:
            path.replace(path.with_suffix(".damaged"))  # kept for a look; training replaces it
    data = examples()
    state = train(
        network,
        data.x,
        data.y,
        data.x_val,
        data.y_val,
        seed=seed,
        threads=threads,
        progress=progress,
    )
    buffer = io.BytesIO()
    torch.save(state, buffer)
    kept = keep_in_cache(path, buffer.getvalue())
    return TrainedWeights(
        state=state, digest=state_digest(state), path=path if kept else None, is_new=True
    )


def _read(network: Network, path: Path) -> TrainedWeights:
    state = load_checkpoint(network, path)
    return TrainedWeights(state=state, digest=state_digest(state), path=path, is_new=False)
