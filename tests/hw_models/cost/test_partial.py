"""Matrix units of a network that leaves a part to a host: the same cells, and no totals."""

import numpy as np
import pytest

from dse.errors import DesignError, FoldingError
from dse.formats import parse_format
from hw_models.cost import estimate, estimate_partial
from hw_models.folding import Folding, fold, fold_to_fps, ii_cycles
from hw_models.graph import Accelerator, Mvau, Requantize
from hw_models.partial import ActOperand, ActProduct, HostNode, PartialAccelerator

FORMATS = [parse_format(name) for name in ("int4", "int8", "e2m1", "e4m3")]
INT8 = parse_format("int8")


def unit(name, mw, mh, vectors=6):
    return Mvau(name=name, mw=mw, mh=mh, vectors=vectors, weight=INT8, act=INT8)


LAYERS = (unit("first", 16, 24), unit("second", 24, 8))
PRODUCT = ActProduct(
    unit=unit("product", 8, 6),
    first=ActOperand(layer=1, signed=False),
    second=ActOperand(layer=1, signed=True),
)
HOST = (
    HostNode(name="norm", function="LayerNorm", macs=300),
    HostNode(name="softmax", function="Softmax", macs=200),
)


def partial(products=(PRODUCT,), host=HOST):
    return PartialAccelerator(mvaus=LAYERS, windows=(), products=products, host=host)


def chain():
    """The same layers as a whole accelerator."""
    between = Requantize.after(LAYERS[0], name="between", output=INT8)
    return Accelerator(nodes=(LAYERS[0], between, LAYERS[1]))


def index(*layers):
    return np.array([layers])


def test_macs_and_coverage():
    network = partial()
    assert network.macs == 16 * 24 * 6 + 24 * 8 * 6 + 8 * 6 * 6
    assert network.coverage_pct == pytest.approx(100 * network.macs / (network.macs + 500))
    assert partial(host=()).coverage_pct == 100.0


@pytest.mark.parametrize("device", ["xcup", "ecp5"])
def test_layers_alone_cost_what_they_cost_in_a_whole_accelerator(device):
    foldings = fold(chain(), 400)
    assert fold(partial(), 400) == foldings
    for weight in range(len(FORMATS)):
        table = estimate_partial(
            partial(products=()), FORMATS, index(weight, 0), index(1, 2), foldings, device, "none"
        )
        whole = chain().with_formats([FORMATS[weight], FORMATS[0]], [FORMATS[1], FORMATS[2]])
        report = estimate(whole, foldings, device, "none")
        assert table.lut_per_mac[0] == pytest.approx(report.lut_per_mac)
        assert table.weight_kib[0] == report.weight_kib
        assert table.ii_cycles[0] == max(map(ii_cycles, LAYERS, foldings))


def test_a_product_is_an_mvau_without_weights():
    foldings = fold(partial(), 400)
    with_product = estimate_partial(
        partial(), FORMATS, index(0, 0), index(1, 3), foldings, "xcup", "none"
    )
    without = estimate_partial(
        partial(products=()), FORMATS, index(0, 0), index(1, 3), foldings, "xcup", "none"
    )
    slowest = int(without.ii_cycles[0])
    (folding,) = fold(
        PartialAccelerator(mvaus=(PRODUCT.unit,), windows=(), products=(), host=()), slowest
    )
    assert with_product.lanes == without.lanes + folding.lanes
    alone = estimate_partial(
        PartialAccelerator(mvaus=(PRODUCT.unit,), windows=(), products=(), host=()),
        FORMATS, index(3), index(3), [folding], "xcup", "none",
    )  # fmt: skip
    assert with_product.compute_lut[0] == without.compute_lut[0] + alone.compute_lut[0]
    assert np.array_equal(with_product.weight_bits, without.weight_bits)


def test_formats_of_products_follow_the_layer_behind():
    unsigned = parse_format("uint4")
    changed = partial().with_formats(FORMATS[:2], [INT8, unsigned])
    assert [m.weight.name for m in changed.mvaus] == ["int4", "int8"]
    (product,) = changed.products
    assert (product.unit.act.name, product.unit.weight.name) == ("uint4", "int4")
    with pytest.raises(DesignError, match="2 layers need as many formats"):
        partial().with_formats(FORMATS[:1], FORMATS[:1])


def test_what_cannot_be_folded_is_refused():
    with pytest.raises(FoldingError, match="2 layers need as many foldings"):
        estimate_partial(
            partial(), FORMATS, index(0, 0), index(0, 0), [Folding(pe=1, simd=1)], "xcup", "none"
        )
    slow = ActProduct(unit=unit("slow", 8, 6, 10**6), first=PRODUCT.first, second=PRODUCT.second)
    with pytest.raises(FoldingError, match="slow takes 1000000 cycles"):
        estimate_partial(
            partial(products=(slow,)), FORMATS, index(0, 0), index(0, 0), fold(partial(), 400),
            "xcup", "none",
        )  # fmt: skip
    with pytest.raises(FoldingError, match="fps need at most"):
        fold_to_fps(partial(), 1e9, 100.0)
    with pytest.raises(DesignError, match="at least one Mvau"):
        PartialAccelerator(mvaus=(), windows=(), products=(), host=())


def test_what_differs_has_another_json():
    assert partial().to_json() == partial().to_json()
    assert partial().to_json() != partial(host=HOST[:1]).to_json()
    assert partial().to_json() != partial(products=()).to_json()
