import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import DesignError
from dse.formats import default_sweep, parse_format
from hw_models.graph import (
    INPUT,
    Accelerator,
    Add,
    Mvau,
    Pool,
    PoolKind,
    Requantize,
    SlidingWindow,
    node_from_json,
)

INT8 = parse_format("int8")
E4M3 = parse_format("e4m3")


def window(**changes):
    values = {"name": "w", "kernel": (3, 3), "channels": 2, "height": 5, "width": 7, "act": INT8}
    return SlidingWindow(**{**values, **changes})


@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    top=st.integers(0, 2),
    bottom=st.integers(0, 2),
)
def test_out_height_counts_the_windows_that_fit(kernel, stride, dilation, top, bottom):
    node = window(
        kernel=(kernel, 1),
        stride=(stride, 1),
        dilation=(dilation, 1),
        pads=(top, 0, bottom, 0),
    )
    padded = 5 + top + bottom
    starts = [
        row for row in range(0, padded, stride) if row + (kernel - 1) * dilation <= padded - 1
    ]
    assert node.out_height == len(starts)
    assert node.out_width == 7
    assert node.out_elements == node.vectors * kernel * 2


def test_mvau_counts(make_mvau):
    conv = make_mvau("int4", "e4m3", mw=27, mh=16, vectors=64, taps=9)
    assert conv.macs == 27 * 16 * 64
    assert conv.weight_bits == 27 * 16 * 4
    assert conv.in_elements == 64 * 27
    assert conv.out_elements == 64 * 16
    assert conv.accumulator_lsb == E4M3.lsb
    assert conv.accumulator_bits == (27 * 7 * E4M3.max_integer).bit_length() + 1


def test_average_pool_gives_exact_sums():
    mean = Pool(
        name="mean", reduce=PoolKind.AVERAGE, kernel=(7, 7), stride=(7, 7),
        channels=4, height=7, width=7, act=INT8,
    )  # fmt: skip
    assert mean.out_format is None
    assert mean.accumulator_bits == (49 * 128).bit_length() + 1
    assert mean.out_elements == 4


def test_json_round_trip(make_cnn):
    accelerator = make_cnn("e4m3", "e5m2")
    text = json.dumps(accelerator.to_json())
    assert Accelerator.from_json(json.loads(text)) == accelerator
    with pytest.raises(DesignError, match="no node of kind 'Lstm'"):
        node_from_json({"kind": "Lstm"})


def test_layers_and_neighbours(make_cnn):
    cnn = make_cnn()
    assert [mvau.name for mvau in cnn.mvaus] == ["conv", "dw", "pw", "fc"]
    assert cnn.layer_of_node == (0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3)
    conv, depthwise, pointwise, last = cnn.mvaus
    assert cnn.requantize_of(conv).name == "conv.quant"
    assert cnn.requantize_of(last) is None
    assert cnn.window_of(depthwise).name == "dw.window"
    assert cnn.window_of(pointwise) is None
    assert cnn.macs == sum(mvau.macs for mvau in cnn.mvaus)
    assert cnn.weight_bits == 8 * (9 * 16 + 9 * 16 + 16 * 32 + 320)


def test_with_formats_moves_every_width(make_cnn):
    formats = [parse_format(name) for name in ("e4m3", "int4", "e2m1", "int3")]
    acts = [parse_format(name) for name in ("uint8", "e5m2", "int6", "e3m2")]
    changed = make_cnn().with_formats(formats, acts)
    assert [mvau.weight for mvau in changed.mvaus] == formats
    assert [mvau.act for mvau in changed.mvaus] == acts
    nodes = {node.name: node for node in changed.nodes}
    assert nodes["conv.quant"].output == nodes["pool"].act == acts[1]
    assert nodes["dw.window"].act == acts[1]
    assert nodes["mean"].act == nodes["mean.quant"].output == acts[3]
    assert nodes["mean.quant"].accumulator_bits == nodes["mean"].accumulator_bits
    for mvau in changed.mvaus[:-1]:
        assert changed.requantize_of(mvau).accumulator_bits == mvau.accumulator_bits
    same = changed.with_formats([INT8] * 4, [parse_format("uint5"), INT8, INT8, INT8])
    assert same == make_cnn()


def test_every_sweep_format_fits_the_same_shapes(make_cnn):
    template = make_cnn()
    for fmt in default_sweep():
        changed = template.with_formats([fmt] * 4, [fmt] * 4)
        assert changed.macs == template.macs


def test_with_formats_wants_one_per_layer(make_cnn):
    with pytest.raises(DesignError, match="4 layers need as many formats"):
        make_cnn().with_formats([INT8] * 3, [INT8] * 4)


def test_bad_shapes_are_refused(make_mvau):
    with pytest.raises(DesignError, match="fc: mw must be at least 1"):
        make_mvau(mw=0)
    with pytest.raises(DesignError, match="5 groups do not divide mh = 32"):
        make_mvau(groups=5)
    with pytest.raises(DesignError, match="9 taps do not divide mw = 64"):
        make_mvau(taps=9)
    with pytest.raises(DesignError, match="does not fit"):
        window(kernel=(6, 6))
    with pytest.raises(DesignError, match="pads"):
        window(pads=(0, 0, -1, 0))
    with pytest.raises(DesignError, match="stride"):
        window(stride=(0, 1))


def test_chains_that_do_not_fit_are_refused(make_cnn, make_mvau):
    nodes = make_cnn().nodes
    with pytest.raises(DesignError, match="at least one Mvau"):
        Accelerator(nodes=())
    with pytest.raises(DesignError, match=r"used twice: a"):
        Accelerator(nodes=(make_mvau(name="a"), make_mvau(name="a")))
    with pytest.raises(DesignError, match="put a Requantize between them"):
        Accelerator(nodes=(make_mvau(name="a", mh=64), make_mvau(name="b")))
    with pytest.raises(DesignError, match="a gives 32 elements per frame, but b takes 64"):
        Accelerator(nodes=(make_mvau(name="a", mh=32), make_mvau(name="b")))
    with pytest.raises(DesignError, match=r"conv\.quant gives int8, but pool takes e4m3"):
        Accelerator(nodes=(*nodes[:3], replace(nodes[3], act=E4M3), *nodes[4:]))
    wider = replace(nodes[2], accumulator_bits=nodes[2].accumulator_bits + 1)
    with pytest.raises(DesignError, match=r"conv\.quant must match conv"):
        Accelerator(nodes=(*nodes[:2], wider, *nodes[3:]))


def test_requantize_after_takes_the_width_of_the_sums(make_mvau):
    mvau = make_mvau("e2m1", "e2m1", mw=64)
    node = Requantize.after(mvau, name="q", output=INT8)
    assert node.accumulator_bits == mvau.accumulator_bits == (64 * 12 * 12).bit_length() + 1
    assert node.accumulator_lsb == 0.25


def make_pointwise(name, weight="int4", act="int8"):
    codes = parse_format(act)
    mvau = Mvau(name=name, mw=8, mh=8, vectors=4, weight=parse_format(weight), act=codes)
    return mvau, Requantize.after(mvau, name=f"{name}.q", output=codes)


def residual(weight="int4", act="int8"):
    """x → stem → two branches, one of them through a convolution → sum → fc."""
    codes, w = parse_format(act), parse_format(weight)
    stem, stem_q = make_pointwise("stem", weight, act)
    body, body_q = make_pointwise("body", weight, act)
    add = Add(name="add", channels=8, vectors=4, acts=(codes, codes))
    add_q = Requantize.after(add, name="add.q", output=codes)
    fc = Mvau(name="fc", mw=32, mh=3, vectors=1, weight=w, act=codes)
    return Accelerator(
        nodes=(stem, stem_q, body, body_q, add, add_q, fc),
        sources=(
            (INPUT,), ("stem",), ("stem.q",), ("body",), ("body.q", "stem.q"), ("add",), ("add.q",),
        ),
    )  # fmt: skip


def test_a_residual_network_is_a_graph():
    net = residual()
    stem_q = net.node("stem.q")
    assert [node.name for node in net.readers_of("stem.q")] == ["body", "add"]
    assert net.sources_of(net.node("add")) == ("body.q", "stem.q")
    assert net.layer_of_node == (0, 0, 1, 1, 1, 1, 2)
    assert net.requantize_of(net.mvaus[0]) == stem_q
    assert net.node("add").accumulator_bits == (2 * 128).bit_length() + 1
    assert Accelerator.from_json(json.loads(json.dumps(net.to_json()))) == net


def test_streams_that_are_added_take_one_format():
    int8, e2m1, e4m3 = (parse_format(name) for name in ("int8", "e2m1", "e4m3"))
    net = residual().with_formats([int8] * 3, [int8, e2m1, e4m3])
    # the stem's codes are multiplied by `body`, so the other branch follows them
    assert net.node("stem.q").output == e2m1
    assert net.node("body.q").output == e2m1
    assert net.node("add").acts == (e2m1, e2m1)
    assert net.node("add.q").output == e4m3
    assert net.node("add.q").accumulator_bits == net.node("add").accumulator_bits


def test_added_streams_that_no_layer_multiplies_keep_their_sign():
    net = residual()
    nodes, sources = list(net.nodes), list(net.sources)
    other = make_pointwise("other")
    nodes[2:2], sources[2:2] = other, [(INPUT,), ("other",)]
    sources[6] = ("body.q", "other.q")
    net = Accelerator(nodes=tuple(nodes), sources=tuple(sources))
    uint4, int4 = parse_format("uint4"), parse_format("int4")
    changed = net.with_formats([int4] * 4, [int4, int4, uint4, uint4])
    assert changed.node("stem.q").output == changed.node("add.q").output == uint4
    assert changed.node("add").acts == (int4, int4)


def test_added_streams_may_differ_in_their_sign():
    net = residual()
    uint8 = parse_format("uint8")
    body, add = replace(net.node("body"), act=uint8), net.node("add").with_acts(INT8, uint8)
    changed = {
        "stem.q": replace(net.node("stem.q"), output=uint8),
        "body": body,
        "body.q": Requantize.after(body, name="body.q", output=INT8),
        "add": add,
        "add.q": Requantize.after(add, name="add.q", output=INT8),
    }
    nodes = tuple(changed.get(node.name, node) for node in net.nodes)
    net = Accelerator(nodes=nodes, sources=net.sources)
    e2m1, ue2m2, int8 = (parse_format(name) for name in ("e2m1", "ue2m2", "int8"))
    changed = net.with_formats([int8] * 3, [int8, ue2m2, e2m1])
    assert changed.node("stem.q").output == ue2m2
    assert changed.node("body.q").output == e2m1
    # the scale is one, and a step of ue2m2 is half a step of e2m1
    assert changed.node("add").acts == (e2m1, ue2m2)
    assert changed.node("add").shifts == (1, 0)
    assert changed.node("add").accumulator_lsb == ue2m2.lsb


def test_windows_do_not_hide_the_layer_that_multiplies_added_streams():
    net = residual()
    nodes, sources = list(net.nodes), list(net.sources)
    stride = SlidingWindow(
        name="body.window", kernel=(1, 1), channels=8, height=2, width=2, act=parse_format("int8")
    )
    nodes.insert(2, stride)
    sources[2:3] = [("stem.q",), ("body.window",)]
    # the sum is added once more, to a stream that no layer multiplies
    again = replace(net.node("add"), name="again")
    nodes[-1:] = [again, Requantize.after(again, name="again.q", output=INT8), nodes[-1]]
    sources[-1:] = [("add.q", "body.q"), ("again",), ("again.q",)]
    net = Accelerator(nodes=tuple(nodes), sources=tuple(sources))
    assert net.code_layers == {
        INPUT: 0, "stem": 1, "stem.q": 1, "body.window": 1, "body": 1, "body.q": 1, "add": 1,
        "add.q": 1, "again": 2, "again.q": 2, "fc": 3,
    }  # fmt: skip
    int8, e2m1, e4m3 = (parse_format(name) for name in ("int8", "e2m1", "e4m3"))
    changed = net.with_formats([int8] * 3, [int8, e2m1, e4m3])
    assert {node.output for node in changed.nodes if isinstance(node, Requantize)} == {e2m1, e4m3}


def test_graphs_that_do_not_hold_together_are_refused():
    net = residual()
    nodes, sources = net.nodes, list(net.sources)
    with pytest.raises(DesignError, match=r"add reads 2 stream"):
        Accelerator(nodes=nodes, sources=(*sources[:4], ("body.q",), *sources[5:]))
    with pytest.raises(DesignError, match="reads 'fc', which is no node before it"):
        Accelerator(nodes=nodes, sources=(("fc",), *sources[1:]))
    with pytest.raises(DesignError, match=r"nobody reads body\.q"):
        Accelerator(nodes=nodes, sources=(*sources[:4], ("stem.q", "stem.q"), *sources[5:]))
    with pytest.raises(DesignError, match="as many sources"):
        Accelerator(nodes=nodes, sources=tuple(sources[:-1]))
