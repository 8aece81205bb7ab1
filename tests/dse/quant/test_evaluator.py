"""The evaluator against a plain loop over the Brevitas network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dse.data import Split
from dse.data.base import assemble
from dse.errors import DesignError
from dse.formats import default_sweep, parse_format
from dse.point import Quantization, Scheme
from dse.quant.evaluator import Evaluator
from dse.quant.images import BATCH_IMAGES
from dse.quant.pipeline import CalibratedNetwork, prepare
from dse.quant.trace import trace
from dse.recipe import Recipe


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)

    def split(n):
        return Split(x=rng.integers(0, 17, (n, 1, 8, 8), np.uint8), y=rng.integers(0, 10, n))

    return assemble(
        name="random", train=split(60), calibration=split(50), validation=split(130),
        test=split(270), n_classes=10, input_format=parse_format("uint5"), input_scale=1 / 16,
    )  # fmt: skip


@pytest.fixture
def evaluator(network, data):
    return Evaluator(network, "weights", data, calibration=50, seed=0)


@torch.no_grad()
def test_results_are_those_of_the_brevitas_network(evaluator, network, data):
    images = torch.from_numpy(data.as_float(data.calibration))
    calibrated = CalibratedNetwork.from_images(trace(network), [images], data.input_scale)
    schemes = [
        Scheme.uniform(evaluator.layers, parse_format("int4"), act, data.input_format)
        for act in default_sweep()[:10]
    ]
    wanted = [Quantization(scheme=scheme) for scheme in schemes]
    for scheme, result in zip(schemes, evaluator.evaluate(wanted), strict=True):
        module = prepare(calibrated, scheme).module
        test = torch.from_numpy(data.as_float(data.test))
        classes = torch.cat([module(batch).argmax(1) for batch in test.split(BATCH_IMAGES)])
        correct = classes.numpy() == data.test.y
        assert result.test_top1_pct == 100 * correct.mean()
        assert result.test_correct == np.packbits(correct).tobytes()
        assert (result.n_val, result.n_test) == (130, 270)


@torch.no_grad()
def test_float_accuracy_is_the_networks_own(evaluator, network, data):
    classes = network(torch.from_numpy(data.as_float(data.validation))).argmax(1).numpy()
    assert evaluator.float_accuracy.val_top1_pct == 100 * (classes == data.validation.y).mean()


def test_results_do_not_depend_on_the_grouping(evaluator, data):
    wanted = [
        Quantization(
            scheme=Scheme.uniform(evaluator.layers, weight, act, data.input_format),
            recipe=Recipe.parse(recipe),
        )
        for weight in default_sweep()[:2]
        for act in default_sweep()[:3]
        for recipe in ("none", "equalize+gptq+bias")
    ]
    together = list(evaluator.evaluate(wanted))
    alone = [next(evaluator.evaluate([quantization])) for quantization in wanted]
    for one, other in zip(together, alone, strict=True):
        assert replace(one, seconds=0) == replace(other, seconds=0)


def test_more_calibration_images_than_there_are(network, data):
    with pytest.raises(DesignError, match=r"51 calibration images .* sets 50 aside"):
        Evaluator(network, "weights", data, calibration=51, seed=0)
