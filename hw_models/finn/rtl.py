"""FINN's generated RTL as designs with our stream ports, to simulate and to synthesise."""

from pathlib import Path

from dse.errors import UnmodelledError
from hw_models.finn.build import FinnBuild, FinnLayer
from hw_models.rtl.design import Rtl

_LIBRARY = {
    "MVAU_rtl": (
        *("axi/hdl/axilite.sv", "memstream/hdl/memstream.sv", "memstream/hdl/memstream_axi.sv"),
        *("mvu/mvu_pkg.sv", "mvu/add_multi.sv", "mvu/mvu_vvu_8sx9_dsp58.sv", "mvu/mvu.sv"),
        *("mvu/replay_buffer.sv", "mvu/mvu_vvu_axi.sv"),
    ),
    "Thresholding_rtl": (
        *("axi/hdl/axilite.sv", "thresholding/hdl/thresholding.sv"),
        "thresholding/hdl/thresholding_axi.sv",
    ),
    "FMPadding_rtl": (
        *("fmpadding/hdl/axi2we.sv", "fmpadding/hdl/fmpadding.sv"),
        "fmpadding/hdl/fmpadding_axi.sv",
    ),
    "ConvolutionInputGenerator_rtl": ("swg/swg_pkg.sv", "swg/swg_common.sv"),
}
"""Files of finn-rtllib that each kind of layer instantiates, packages first."""

BEHAVIOURAL = Path(__file__).with_name("behavioural.v")
"""Makes FINN's matrix unit use operators in place of AMD's DSP primitives."""
_STAND_INS = {"add_multi.sv": Path(__file__).with_name("add_multi.sv")}

_BYTE = 8


def layer_rtl(build: FinnBuild, layer: FinnLayer, *, simulated: bool) -> Rtl:
    """Return a layer as FINN wrote it, under a top module with the ports of our streams.

    A matrix unit has its weight memory beside it.

    Args:
        build: What FINN made.
        layer: One of its layers.
        simulated: Replace what Verilator cannot take: AMD's primitives, one constant function.

    Raises:
        UnmodelledError: A kind of layer whose files are not known; HLS has no RTL.
    """
    if layer.kind not in _LIBRARY:
        raise UnmodelledError(f"{layer.name}: no RTL for FINN layers of kind {layer.kind}")
    generated = sorted(path for path in layer.code.iterdir() if path.suffix in (".v", ".sv"))
    library = [build.library / name for name in _LIBRARY[layer.kind]]
    if simulated:
        library = [BEHAVIOURAL, *(_STAND_INS.get(path.name, path) for path in library)]
    top = f"finn_{layer.name}"
    given = _padded(layer.output_bits)
    lines = [
        f"// {layer.name}, with the ports of a stream.",
        f"module {top} (",
        "    input  wire clk,",
        "    input  wire rst,",
        f"    input  wire [{layer.input_bits - 1}:0] in_data,",
        "    input  wire in_valid,",
        "    output wire in_ready,",
        f"    output wire [{layer.output_bits - 1}:0] out_data,",
        "    output wire out_valid,",
        "    input  wire out_ready",
        ");",
        f"  wire [{given - 1}:0] given;",
        f"  assign out_data = given[{layer.output_bits - 1}:0];",
        *(_weight_memory(layer) if layer.weight_bits else ()),
        f"  {layer.name} layer (",
        "      .ap_clk(clk), .ap_rst_n(!rst),",
        *(_WEIGHT_PORTS if layer.weight_bits else ()),
        f"      .in0_V_TDATA({_padded(layer.input_bits)}'(in_data)),",
        "      .in0_V_TVALID(in_valid), .in0_V_TREADY(in_ready),",
        "      .out0_V_TDATA(given), .out0_V_TVALID(out_valid), .out0_V_TREADY(out_ready)",
        "  );",
        "endmodule",
        "",
    ]
    return Rtl(
        top=top,
        text="\n".join(lines),
        sources=(*library, *map(Path.absolute, generated)),
        memories=tuple((path.name, path.read_text()) for path in sorted(layer.code.glob("*.dat"))),
    )


def _padded(bits: int) -> int:
    """Return the width of a stream in whole bytes, as its ports are [bit]."""
    return -(-bits // _BYTE) * _BYTE


_WEIGHT_PORTS = (
    "      .ap_clk2x(clk), .in1_V_TDATA(weights), .in1_V_TVALID(weights_valid),",
    "      .in1_V_TREADY(weights_ready),",
)


def _weight_memory(layer: FinnLayer) -> list[str]:
    """Return the memory that gives a matrix unit a word of weights per cycle."""
    return [
        f"  wire [{_padded(layer.weight_bits) - 1}:0] weights;",
        "  wire weights_valid, weights_ready;",
        f"  {layer.name}_memstream_wrapper memory (",
        "      .ap_clk(clk), .ap_clk2x(clk), .ap_rst_n(!rst),",
        "      .s_axilite_AWVALID(1'b0), .s_axilite_WVALID(1'b0), .s_axilite_ARVALID(1'b0),",
        "      .s_axilite_BREADY(1'b1), .s_axilite_RREADY(1'b1), .s_axis_0_tvalid(1'b0),",
        "      .m_axis_0_tdata(weights), .m_axis_0_tvalid(weights_valid),",
        "      .m_axis_0_tready(weights_ready)",
        "  );",
    ]
