from dse.formats import parse_format
from hw_models.dataflow import OUTPUT, dataflow
from hw_models.folding import Folding, node_ii_cycles
from hw_models.graph import INPUT


def test_a_stream_has_the_lanes_of_its_two_ends(make_cnn):
    cnn = make_cnn("int4", "e2m1")
    foldings = [
        Folding(pe=4, simd=3),
        Folding(pe=2, simd=9),
        Folding(pe=8, simd=4),
        Folding(pe=1, simd=16),
    ]
    flow = dataflow(cnn, foldings, {("conv", "conv.quant", 0): 7})
    by_sink = {stream.sink: stream for stream in flow.streams}
    lanes = {
        name: (stream.source_lanes, stream.sink_lanes, stream.bits)
        for name, stream in by_sink.items()
    }
    conv, fc = cnn.mvaus[0], cnn.mvaus[-1]
    assert lanes["conv.window"] == (1, 1, parse_format("uint5").bits)
    assert lanes["conv"] == (3, 3, 5)
    assert lanes["conv.quant"] == (4, 4, conv.accumulator_bits)
    assert lanes["dw.window"] == (4, 2, 4)  # one pixel's channels, as many as PE
    assert lanes["dw"] == (18, 18, 4)
    assert lanes["pw"] == (2, 4, 4)
    assert lanes["fc"] == (8, 16, 4)
    assert lanes[OUTPUT] == (1, 1, fc.accumulator_bits)
    assert flow.output.source == "fc"
    assert by_sink["conv.quant"].fifo_depth == 7
    assert flow.streams_from(INPUT) == (by_sink["conv.window"],)
    assert flow.streams_to("dw") == (by_sink["dw"],)
    deeper = flow.with_fifo_depths({by_sink["dw"].key: 31})
    assert deeper.streams_to("dw")[0].fifo_depth == 31


def test_every_node_keeps_up_with_its_layer(make_cnn):
    cnn = make_cnn("int4", "e2m1")
    foldings = [Folding(pe=1, simd=1)] * 4
    flow = dataflow(cnn, foldings)
    slowest = max(node_ii_cycles(mvau, flow.pace_of(mvau)) for mvau in cnn.mvaus)
    for node in cnn.nodes:
        assert node_ii_cycles(node, flow.pace_of(node)) <= slowest
