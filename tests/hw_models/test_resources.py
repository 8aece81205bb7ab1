import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DesignError
from hw_models.resources import CostReport, NodeCost, Part, Resources, Source, total

COUNTS = st.integers(0, 10**6)
RESOURCES = st.builds(Resources, lut=COUNTS, ff=COUNTS, dsp=COUNTS, bram18=COUNTS, uram=COUNTS)


def part(lut, *, is_compute=True):
    return Part(name="p", resources=Resources(lut=lut), is_compute=is_compute, source="a paper")


def report(*nodes, lanes=2):
    return CostReport(
        source=Source.ANALYTICAL,
        device="xcup",
        clock_mhz=250.0,
        per_node=nodes,
        lanes=lanes,
        weight_bits=8192,
    )


@given(RESOURCES, RESOURCES)
def test_addition_is_per_resource(a, b):
    assert (a + b).lut == a.lut + b.lut
    assert (a + b).to_json() == {k: v + b.to_json()[k] for k, v in a.to_json().items()}
    assert a + Resources() == a
    assert a * 3 == a + a + a


@given(RESOURCES)
def test_json_round_trip(a):
    assert Resources.from_json(json.loads(json.dumps(a.to_json()))) == a


def test_negative_resources_are_refused():
    with pytest.raises(DesignError, match="negative"):
        Resources(lut=-1)


def test_share_is_that_of_the_scarcest_resource():
    device = Resources(lut=1000, ff=2000, bram18=10)
    assert Resources(lut=10, bram18=1).share_of(device) == 0.1
    assert Resources(dsp=1).share_of(device) == float("inf")
    assert Resources().share_of(device) == 0


def test_report_adds_up():
    slow = NodeCost(
        name="a", kind="Mvau", parts=(part(100), part(11, is_compute=False)), ii_cycles=50
    )
    fast = NodeCost(name="b", kind="Pool", parts=(part(20, is_compute=False),), ii_cycles=5)
    both = report(slow, fast)
    assert both.resources == slow.resources + fast.resources == Resources(lut=131)
    assert total(slow.parts) == Resources(lut=111)
    assert both.ii_cycles == 50
    assert both.fps == 5e6
    assert both.lut_per_mac == 50
    assert both.weight_kib == 1
    assert CostReport.from_json(json.loads(json.dumps(both.to_json()))) == both
    assert both.to_json()["totals"]["lut"] == 131
