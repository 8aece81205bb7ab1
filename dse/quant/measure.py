"""Accuracies of several networks at once, of which some end when it is clear they are too low."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from dse.intervals import accuracy_bound_pct
from dse.quant.fast import FrozenNetwork, logits_of
from dse.quant.images import BATCH_IMAGES, Images
from dse.quant.result import AccuracyResult, EndedEarly, Outcome

LOOK_IMAGES = 5 * BATCH_IMAGES
"""Validation images between two looks at who stays too low."""

CONFIDENCE = 0.999
"""Probability that a network that ended would have stayed below its floor, for each network."""

Logits = Callable[[torch.Tensor], Iterator[torch.Tensor]]
"""Yields what each of some networks gives for a batch."""


def result_of(logits: Logits, validation: Images, test: Images) -> AccuracyResult:
    """Return the accuracy of one network, all images seen; it has changed no weights."""
    started = time.perf_counter()
    on_validation, on_test = (_correct(1, images, logits)[0] for images in (validation, test))
    return _result(on_validation, on_test, time.perf_counter() - started)


@torch.no_grad()
def outcomes_of(
    networks: Sequence[FrozenNetwork],
    validation: Images,
    test: Images,
    floors_pct: Sequence[float],
) -> list[Outcome]:
    """Return what becomes of each network, in order; none has changed any weights.

    Args:
        networks: Frozen networks.
        validation: Images in random order, seen first.
        test: Images seen by those that do not end.
        floors_pct: For each network the validation accuracy below which it ends; 0: never.
    """
    started = time.perf_counter()
    total, seen = len(validation), 0
    right = np.zeros((len(networks), total), np.bool_)
    ended: dict[int, EndedEarly] = {}
    alive = list(range(len(networks)))
    for batch in validation:
        span = slice(seen, seen + len(batch))
        seen += len(batch)
        outputs = logits_of([networks[index] for index in alive], batch)
        for index, output in zip(alive, outputs, strict=True):
            right[index, span] = output.argmax(dim=1).numpy() == validation.labels[span]
        if seen % LOOK_IMAGES == 0 or seen == total:
            for index in alive:
                bound = _bound_pct(right[index, :seen], total)
                if bound < floors_pct[index]:
                    ended[index] = _ended(bound, floors_pct[index], seen, total)
            alive = [index for index in alive if index not in ended]
        if not alive:
            break
    on_test = iter(_correct(len(alive), test, partial(logits_of, [networks[i] for i in alive])))
    seconds = (time.perf_counter() - started) / len(networks)
    return [
        replace(ended[index], seconds=seconds)
        if index in ended
        else _result(on_validation, next(on_test), seconds)
        for index, on_validation in enumerate(right)
    ]


def _bound_pct(right: npt.NDArray[np.bool_], total: int) -> float:
    looks = -(-total // LOOK_IMAGES)
    return accuracy_bound_pct(int(right.sum()), len(right), total, looks, CONFIDENCE)


def _ended(bound_pct: float, floor_pct: float, seen: int, total: int) -> EndedEarly:
    how_sure = "" if seen == total else f" ({100 * CONFIDENCE:g} % sure)"
    return EndedEarly(
        reason=f"dominated: at most {bound_pct:.2f} % on validation after {seen} of {total} "
        f"images{how_sure}, where a point that costs no more has {floor_pct:.2f} %",
        n_val=seen,
        val_bound_pct=bound_pct,
        seconds=0.0,
    )


def _result(
    on_validation: npt.NDArray[np.bool_], on_test: npt.NDArray[np.bool_], seconds: float
) -> AccuracyResult:
    return AccuracyResult(
        val_top1_pct=100.0 * float(on_validation.mean()),
        n_val=len(on_validation),
        test_top1_pct=100.0 * float(on_test.mean()),
        n_test=len(on_test),
        test_correct=np.packbits(on_test).tobytes(),
        changed_weights_pct=0.0,
        seconds=seconds,
    )


@torch.no_grad()
def _correct(count: int, images: Images, logits: Logits) -> npt.NDArray[np.bool_]:
    """Return which images each network classifies correctly, shape `(count, n)`."""
    if not count:
        return np.empty((0, len(images)), np.bool_)
    classes = np.empty((count, len(images.labels)), np.int64)
    done = 0
    for batch in images:
        for index, output in enumerate(logits(batch)):
            classes[index, done : done + len(batch)] = output.argmax(dim=1).numpy()
        done += len(batch)
    correct: npt.NDArray[np.bool_] = classes == images.labels
    return correct
