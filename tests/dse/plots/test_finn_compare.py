from dse.plots.finn_compare import finn_beside_ours
from hw_models.finn.compare import Comparison, NodeComparison, Side
from hw_models.finn.simulate import Simulated
from hw_models.folding import Folding
from hw_models.resources import Resources

NOTHING = Resources()


def _side(layers, *, estimated=NOTHING, synthesised=None):
    ran = Simulated(cycles=8.0, words_compared=1, words_different=0)
    return Side(
        layers=layers,
        estimated=estimated,
        without_estimate=(),
        synthesised=synthesised,
        predicted_cycles=9,
        simulated=ran if synthesised else None,
    )


def test_what_there_is_not_has_no_bar():
    folding = Folding(pe=1, simd=1)
    taken = Resources(lut=30, dsp=2)
    nodes = (
        NodeComparison(
            kind="Mvau",
            folding=folding,
            finn=_side(("MVAU_rtl_0",), synthesised=taken),
            ours=_side(("fc1",), estimated=Resources(lut=20), synthesised=Resources(lut=25)),
        ),
        NodeComparison(
            kind="SlidingWindow",
            folding=folding,
            finn=_side(()),
            ours=_side(("window",), estimated=Resources(lut=7), synthesised=Resources(lut=6)),
        ),
    )
    comparison = Comparison(
        nodes=nodes, finn_version="1", clock_mhz=1.0, dsp="none", images=1, images_different=0
    )
    luts = finn_beside_ours(comparison, "net")
    cycles = luts.figure.axes[1]
    assert [[bar.get_width() for bar in bars] for bars in luts.containers] == [
        [0],
        [30],
        [20, 7],
        [25, 6],
    ]
    assert [[bar.get_width() for bar in bars] for bars in cycles.containers] == [
        [9],
        [8],
        [9, 9],
        [8, 8],
    ]
    assert [text.get_text() for text in luts.texts] == ["0", "+ 2 DSP"]
    assert [label.get_text() for label in luts.get_yticklabels()] == ["fc1", "window"]
