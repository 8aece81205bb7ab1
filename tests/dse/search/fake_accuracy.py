"""An accuracy source without torch: quick, deterministic, and able to fail on demand."""

import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

import numpy as np

from dse.errors import DataError, FormatError, UnknownPluginError
from dse.formats import Format, parse_format
from dse.point import AccuracyContext, Quantization, Scheme
from dse.progress import Progress, silent
from dse.quant import AccuracyResult, EndedEarly, Outcome
from dse.recipe import Recipe
from hw_models.graph import Accelerator, Mvau, Requantize

LAYERS = ("fc1", "fc2", "fc3")
N_VAL, N_TEST = 50, 103


def accuracy_of(quantization: Quantization) -> AccuracyResult:
    """Return an accuracy that only scheme, recipe and training decide."""
    scheme, methods = quantization.scheme, quantization.recipe.methods
    bits = sum(layer.weight.bits + layer.act.bits for layer in scheme.layers) + len(methods)
    bits += 3 if quantization.training else 0
    name = scheme.to_json() + quantization.recipe_name
    rng = np.random.default_rng([ord(letter) for letter in name])
    correct = rng.random(N_TEST) < bits / 60
    return AccuracyResult(
        val_top1_pct=100.0 * bits / 60,
        n_val=N_VAL,
        test_top1_pct=100.0 * float(correct.mean()),
        n_test=N_TEST,
        test_correct=np.packbits(correct).tobytes(),
        changed_weights_pct=10.0 * len(methods),
        seconds=0.5,
    )


class FormatSqnr:
    """Six decibels a bit for weights, five for activations; the input loses nothing."""

    def weight_sqnr_db(self, layer, number_format):
        return 6.0 * number_format.bits

    def act_sqnr_db(self, layer, number_format):
        return np.inf if layer == LAYERS[0] else 5.0 * number_format.bits


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSource:
    """A network of three layers."""

    factory: "FakeFactory"

    @property
    def layers(self) -> tuple[str, ...]:
        return LAYERS

    @property
    def never_negative(self) -> frozenset[str]:
        return frozenset(LAYERS[1:])

    @property
    def context(self) -> AccuracyContext:
        return AccuracyContext(
            weights=self.factory.weights,
            data=self.factory.data_fingerprint(),
            calibration=self.factory.calibration,
            seed=0,
        )

    @property
    def float_accuracy(self) -> AccuracyResult:
        scheme = Scheme.uniform(LAYERS, *[parse_format("int8")] * 3)
        return accuracy_of(Quantization(scheme=scheme))

    def sensitivity(self, **_: object) -> FormatSqnr:
        return FormatSqnr()

    def evaluate(
        self, wanted: Sequence[Quantization], floors_pct: Sequence[float]
    ) -> Iterator[Outcome]:
        for quantization, floor_pct in zip(wanted, floors_pct, strict=True):
            time.sleep(self.factory.seconds * (random.random() * 5 if self.factory.jitter else 1))
            self.factory.note(quantization.scheme)
            self.factory.fail_at(quantization.scheme)
            result = accuracy_of(quantization)
            if result.val_top1_pct < floor_pct:
                bound = (result.val_top1_pct + floor_pct) / 2
                yield EndedEarly(
                    reason=f"below {floor_pct:.3f} %", n_val=20, val_bound_pct=bound, seconds=0.1
                )
            else:
                yield result

    def train_and_measure(
        self, wanted: Quantization, checkpoint: Path, progress: Progress
    ) -> Outcome:
        assert wanted.training is not None
        for epoch in range(wanted.training.epochs):
            time.sleep(self.factory.seconds)
            progress("training", epoch + 1, wanted.training.epochs)
        self.factory.note(wanted.scheme)
        self.factory.fail_at(wanted.scheme)
        if wanted.scheme.weight_format == self.factory.diverges:
            return EndedEarly(reason="it diverged", n_val=0, val_bound_pct=100.0, seconds=0.5)
        checkpoint.parent.mkdir(exist_ok=True)
        checkpoint.touch()
        return accuracy_of(wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeFactory:
    """Makes `FakeSource`.

    Attributes:
        journal: A line is appended per evaluation; `os.devnull` for none.
        failure: What happens at the scheme int4 × int4.
        diverges: Weight format whose training diverges.
        streams: Whether its images would come from files.
        jitter: Whether some evaluations take longer than others.
    """

    weights: str = "weights"
    data: str = "data"
    calibration: int = 100
    seconds: float = 0.0
    journal: str = os.devnull
    failure: str = "none"
    diverges: str = "none"
    streams: bool = False
    jitter: bool = False

    def data_fingerprint(self) -> str:
        return f"fingerprint of {self.data}"

    def template(self) -> Accelerator:
        act = parse_format("int8")
        inputs = (parse_format("uint5"), act, act)
        mvaus = [
            Mvau(name=name, mw=mw, mh=mh, vectors=1, weight=act, act=taken)
            for name, mw, mh, taken in zip(LAYERS, (64, 32, 32), (32, 32, 10), inputs, strict=True)
        ]
        between = [Requantize.after(mvau, name=f"{mvau.name}_q", output=act) for mvau in mvaus]
        nodes = [node for pair in zip(mvaus, between, strict=True) for node in pair]
        return Accelerator(nodes=tuple(nodes[:-1]))

    def check_formats(self, formats: Iterable[Format]) -> None:
        for number_format in formats:
            if number_format.name == "int1":
                raise FormatError("no int1 here")

    def check_recipes(self, recipes: Iterable[Recipe]) -> None:
        for recipe in recipes:
            if "magic" in recipe.methods:
                raise UnknownPluginError("no magic here")

    def __call__(self, progress: Progress = silent) -> FakeSource:
        if self.failure == "cannot start" and parent_process() is not None:
            os.kill(os.getpid(), 9)
        progress("training", 1, 1)
        return FakeSource(factory=self)

    def portable(self) -> "FakeFactory":
        return self

    def note(self, scheme: Scheme) -> None:
        with Path(self.journal).open("a") as journal:
            journal.write(f"{os.getpid()} {scheme.weight_format} {scheme.act_format}\n")

    def fail_at(self, scheme: Scheme) -> None:
        if (scheme.weight_format, scheme.act_format) != ("int4", "int4"):
            return
        match self.failure:
            case "our error":
                raise DataError("the images vanished")
            case "a bug":
                raise ZeroDivisionError("a bug")
            case "killed":
                sys.stderr.write("the worker's last words\n")
                os.kill(os.getpid(), 9)
            case "killed twice":
                attempts = Path(self.journal).read_text().count(" int4 int4\n")
                if attempts <= 2:
                    os.kill(os.getpid(), 9)
