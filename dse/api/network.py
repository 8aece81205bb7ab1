"""A network by name, with its data and its weights: of the user's choice, or behind a study."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dse.errors import DataError, DesignError
from dse.point import ACCURACY_VERSION

if TYPE_CHECKING:
    from dse.progress import Progress
    from dse.quant.evaluator import Evaluator
    from dse.search.header import Header


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


def study_evaluator(
    study: Path, header: "Header", checkpoint: Path | None, progress: "Progress"
) -> "Evaluator":
    """Return the calibrated network behind a study, made again.

    Args:
        study: Folder of the study.
        header: Its header.
        checkpoint: File with the weights, if the study had one.
        progress: Told of training and calibration.

    Raises:
        DesignError: Weights, data or this version of bitfront are not those of the study.
        DataError: The weights or the data are not to be had.
    """
    from dse.search.source import NetworkAccuracy

    settings = header.settings
    here = replace(settings, checkpoint_sha256=checkpoint_sha256(checkpoint))
    if difference := settings.first_difference(here):
        raise DesignError(f"the weights are not those of the study in {study}: {difference}")
    if header.accuracy_version != ACCURACY_VERSION:
        raise DesignError(
            f"another version of bitfront quantized the study in {study}; "
            f"'bitfront explore' with the same settings brings it up to date"
        )
    accuracy = NetworkAccuracy.of_study(settings, checkpoint)
    if accuracy.fingerprint != header.accuracy.data:
        raise DesignError(
            f"data set '{settings.data}' has changed since the study in {study} was made"
        )
    evaluator = accuracy(progress)
    if evaluator.context != header.accuracy:
        raise DesignError(
            f"the weights of '{settings.model}' are not those of the study in {study}; "
            "explore again into another folder"
        )
    return evaluator
