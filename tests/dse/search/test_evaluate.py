from itertools import product

from fake_accuracy import LAYERS

from dse.formats import default_sweep, parse_format
from dse.point import DesignPoint, Scheme
from dse.recipe import NONE
from dse.search.evaluate import shared_tasks
from dse.search.rows import PlannedPoint
from hw_models.folding import Folding


def planned(weight, act):
    scheme = Scheme.uniform(LAYERS, weight, act, parse_format("uint5"))
    foldings = (Folding(pe=1, simd=1),) * len(LAYERS)
    point = DesignPoint(scheme=scheme, recipe=NONE, foldings=foldings, device="ice40", dsp="none")
    name = f"{weight.name}/{act.name}"
    return PlannedPoint(digest=name, accuracy_key=name, cost_key="", point=point)


def test_tasks_hold_every_point_once_and_share_their_weights():
    points = [planned(w, a) for a, w in product(default_sweep(), default_sweep())]
    tasks = shared_tasks(points)
    keys = [job.accuracy_key for task in tasks for job in task]
    assert sorted(keys) == sorted(point.accuracy_key for point in points)
    assert {len(task) for task in tasks} == {8}
    for task in tasks:
        assert len({job.quantization.scheme.weight_format for job in task}) == 1
    acts = [job.quantization.scheme.act_format for task in tasks[:3] for job in task]
    assert acts == [act.name for act in default_sweep()]


def test_few_points_make_few_tasks():
    names = ("int4", "int5")
    points = [planned(parse_format(w), parse_format("int8")) for w in names]
    assert [len(task) for task in shared_tasks(points)] == [1, 1]
    assert shared_tasks([]) == []
