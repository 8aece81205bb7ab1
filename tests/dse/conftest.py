"""Studies with made-up accuracies and real costs, for tests of what comes after the search."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dse.formats import Format, parse_format, parse_sweep
from dse.metrics import GAUSSIAN, best_sqnr_db
from dse.point import AccuracyContext, Quantization, Scheme
from dse.progress import Progress, silent
from dse.quant.result import AccuracyResult, EndedEarly, Outcome
from dse.recipe import NONE, Recipe
from dse.search.header import Header
from dse.search.schema import DB_NAME
from dse.search.settings import StudySettings
from dse.search.store import Store
from dse.search.study import explore
from hw_models.graph import Accelerator, Mvau, Requantize
from hw_models.partial import ActOperand, ActProduct, HostNode, PartialAccelerator

LAYERS = {"fc1": (784, 128), "fc2": (128, 64), "fc3": (64, 10)}
"""MW and MH."""
SWEEP = "int3-8,e2m0,e2m1,e2m2,e3m2,e4m3"
N_VAL, N_TEST = 1000, 1200
FLOAT_PCT = 92.0


@cache
def noise_of(number_format: Format) -> float:
    """Return the noise a format adds to a Gaussian signal, relative to it."""
    return 10.0 ** (-best_sqnr_db(number_format.narrow(), GAUSSIAN) / 10)


def accuracy_of(quantization: Quantization) -> AccuracyResult:
    """Return an accuracy that falls with the formats' noise; images differ in difficulty.

    All see the same images, so their results are paired as real ones are. A method of a recipe
    takes away an eighth of the noise, training two.
    """
    scheme, methods = quantization.scheme, quantization.recipe.methods
    methods += ("qat", "qat") if quantization.training else ()
    inner = scheme.layers[1]
    noise = noise_of(inner.weight) + 0.7 * noise_of(inner.act)
    skill = FLOAT_PCT / 100 - 1.2 * (noise * (1 - len(methods) / 8)) ** 0.8
    images = np.random.default_rng(1).random(N_VAL + N_TEST)
    luck = np.random.default_rng([ord(letter) for letter in scheme.to_json()])
    correct = images + luck.normal(scale=0.01, size=images.shape) < max(skill, 0.1)
    return AccuracyResult(
        val_top1_pct=100 * float(correct[:N_VAL].mean()),
        n_val=N_VAL,
        test_top1_pct=100 * float(correct[N_VAL:].mean()),
        n_test=N_TEST,
        test_correct=np.packbits(correct[N_VAL:]).tobytes(),
        changed_weights_pct=10.0 * len(methods),
        seconds=0.1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSource:
    """Stands in for a trained network."""

    layers: tuple[str, ...] = tuple(LAYERS)
    never_negative: frozenset[str] = frozenset(tuple(LAYERS)[1:])

    @property
    def context(self) -> AccuracyContext:
        return AccuracyContext(weights="w", data="d", calibration=1000, seed=0)

    @property
    def float_accuracy(self) -> AccuracyResult:
        return replace(
            accuracy_of(
                Quantization(scheme=Scheme.uniform(self.layers, *[parse_format("int16")] * 3))
            ),
            val_top1_pct=FLOAT_PCT,
            test_top1_pct=FLOAT_PCT - 0.25,
        )

    def evaluate(
        self, wanted: Sequence[Quantization], floors_pct: Sequence[float]
    ) -> Iterator[Outcome]:
        return map(accuracy_of, wanted)

    def train_and_measure(
        self, wanted: Quantization, checkpoint: Path, progress: Progress
    ) -> Outcome:
        if wanted.scheme.weight_format == "int3":
            return EndedEarly(
                reason="training diverged in epoch 2", n_val=0, val_bound_pct=100.0, seconds=0.1
            )
        return accuracy_of(wanted)


def chain_of(layers: Mapping[str, tuple[int, int]]) -> Accelerator:
    """Return int8 layers of these inputs and outputs, one after the other."""
    int8 = parse_format("int8")
    mvaus = [
        Mvau(name=name, mw=mw, mh=mh, vectors=1, weight=int8, act=int8)
        for name, (mw, mh) in layers.items()
    ]
    between = [Requantize.after(mvau, name=f"{mvau.name}_q", output=int8) for mvau in mvaus]
    nodes = [node for pair in zip(mvaus, between, strict=True) for node in pair]
    return Accelerator(nodes=tuple(nodes[:-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticFactory:
    """Makes `SyntheticSource`."""

    def data_fingerprint(self) -> str:
        return "d"

    def template(self) -> Accelerator:
        return chain_of(LAYERS)

    def check_formats(self, formats: Iterable[Format]) -> None:
        """Take every format."""

    def check_recipes(self, recipes: Iterable[Recipe]) -> None:
        """Take every recipe."""

    def __call__(self, progress: Progress = silent) -> SyntheticSource:
        return SyntheticSource()

    def portable(self) -> "SyntheticFactory":
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialFactory(SyntheticFactory):
    """Makes the same network with a softmax and LayerNorms for a host."""

    def template(self) -> PartialAccelerator:
        int8 = parse_format("int8")
        first, second, third = (
            Mvau(name=name, mw=mw, mh=mh, vectors=1, weight=int8, act=int8)
            for name, (mw, mh) in LAYERS.items()
        )
        product = ActProduct(
            unit=Mvau(name="scores", mw=8, mh=8, vectors=16, weight=int8, act=int8),
            first=ActOperand(layer=2, signed=True),
            second=ActOperand(layer=2, signed=True),
        )
        host = [("norm1", "LayerNorm", 500), ("shares", "Softmax", 700), ("norm2", "LayerNorm", 9)]
        return PartialAccelerator(
            mvaus=(first, second, third),
            windows=(),
            products=(product,),
            host=tuple(HostNode(name=n, function=f, macs=macs) for n, f, macs in host),
        )


def synthetic_settings(**changes: object) -> StudySettings:
    """Return the settings of a grid of both families, changed as told."""
    settings = StudySettings(
        model="digits-mlp",
        data="fashion-mnist",
        weights=parse_sweep(SWEEP),
        acts=parse_sweep(SWEEP),
        device="xcup",
        fps=100_000.0,
        dsp="none",
        seed=0,
        checkpoint_sha256="",
        edge_format=None,
        unsigned_acts=False,
        granularity="per_channel",
        scale="float32",
        act_range="mse",
        weight_range="mse",
        calibration=1000,
        recipes=(NONE,),
        best_of=False,
    )
    return replace(settings, **changes)


def make_study(
    folder: Path, settings: StudySettings, factory: SyntheticFactory | None = None
) -> Path:
    """Explore `settings` with made-up accuracies and return the folder."""
    explore(settings, folder, factory or SyntheticFactory(), jobs=1)
    return folder


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 121 points."""
    return make_study(tmp_path_factory.mktemp("study"), synthetic_settings())


@pytest.fixture(scope="session")
def dsp_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that may spend DSP blocks."""
    return make_study(
        tmp_path_factory.mktemp("dsp"), synthetic_settings(dsp="auto", acts=parse_sweep("int3-8"))
    )


@pytest.fixture(scope="session")
def recipes_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of three recipes, of which the best counts; the third is rarely worth it."""
    recipes = tuple(map(Recipe.parse, ("none", "equalize+gptq", "gptq")))
    settings = synthetic_settings(
        recipes=recipes,
        best_of=True,
        acts=parse_sweep("int4,e2m1"),
        weights=parse_sweep("int3-4,e2m1,e3m0"),
    )
    return make_study(tmp_path_factory.mktemp("recipes"), settings)


@pytest.fixture(scope="session")
def partial_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of a network that leaves a part to a host."""
    settings = synthetic_settings(weights=parse_sweep("int3-8,e2m1"), acts=parse_sweep("int4,e2m1"))
    return make_study(tmp_path_factory.mktemp("partial"), settings, PartialFactory())


@pytest.fixture(scope="session")
def trained_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two recipes and of every pair trained; with int3 weights training diverges."""
    recipes = tuple(map(Recipe.parse, ("none", "gptq")))
    sweep = parse_sweep("int3-4,e2m1")
    settings = synthetic_settings(
        recipes=recipes, best_of=True, weights=sweep, acts=sweep, same_acts=True, qat=3
    )
    return make_study(tmp_path_factory.mktemp("trained"), settings)


@pytest.fixture(scope="session")
def odd_names_study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose names hold HTML and what is special in LaTeX."""
    settings = synthetic_settings(
        model="<script>alert(1)</script>",
        data="npz:50%_a&b#<i>.npz",
        weights=parse_sweep("int4,e2m1"),
        acts=parse_sweep("int4,e2m1"),
    )
    return make_study(tmp_path_factory.mktemp("odd_<b>&%_#"), settings)


@pytest.fixture
def empty_study_folder(study_folder: Path, tmp_path: Path) -> Path:
    """A study as it is before its first evaluation ends."""
    (tmp_path / DB_NAME).write_bytes((study_folder / DB_NAME).read_bytes())
    with closing(sqlite3.connect(tmp_path / DB_NAME)) as database:
        database.execute("DELETE FROM accuracy")
        database.commit()
    return tmp_path


@pytest.fixture(scope="session")
def _all_evaluations(study_folder: Path):
    with Store.open_readonly(study_folder) as store:
        return store.evaluations()


@pytest.fixture
def evaluations(_all_evaluations):
    """The evaluations of `study_folder`, a copy of one's own."""
    return _all_evaluations.copy()


@pytest.fixture(scope="session")
def header(study_folder: Path) -> Header:
    """The header of `study_folder`."""
    with Store.open_readonly(study_folder) as store:
        return store.header


@pytest.fixture(scope="session")
def template() -> Accelerator:
    """The network of `study_folder`."""
    return SyntheticFactory().template()
