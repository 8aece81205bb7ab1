"""FINN's generated RTL: its files, and a top with our stream ports around a layer."""

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
PRIMITIVES = Path(__file__).with_name("amd_primitives.sv")
"""Black boxes of AMD's primitives, for synthesis."""
_STAND_INS = {"add_multi.sv": Path(__file__).with_name("add_multi.sv")}
"""In place of files with a constant function where neither Verilator nor Yosys takes it."""

_BYTE = 8


def layer_rtl(build: FinnBuild, layer: FinnLayer) -> Rtl:
    """Return a layer as FINN wrote it, to simulate: under a top with the ports of our streams.

    A matrix unit has its weight memory beside it. What Verilator cannot take is replaced: AMD's
    primitives, and one constant function.

    Raises:
        UnmodelledError: A kind of layer whose files are not known; HLS has no RTL.
    """
    top = f"finn_{layer.name}"
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
        f"  wire [{_padded(layer.output_bits) - 1}:0] given;",
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
        sources=(BEHAVIOURAL, *layer_sources(build, layer)),
        memories=layer_memories(layer),
    )


def layer_sources(build: FinnBuild, layer: FinnLayer) -> tuple[Path, ...]:
    """Return the files of FINN's library and of the layer itself, packages first.

    Raises:
        UnmodelledError: A kind of layer whose files are not known; HLS has no RTL.
    """
    if layer.kind not in _LIBRARY:
        raise UnmodelledError(f"{layer.name}: no RTL for FINN layers of kind {layer.kind}")
    library = [build.library / name for name in _LIBRARY[layer.kind]]
    generated = sorted(path for path in layer.code.iterdir() if path.suffix in (".v", ".sv"))
    replaced = (_STAND_INS.get(path.name, path) for path in library)
    return (*replaced, *map(Path.absolute, generated))


def layer_memories(layer: FinnLayer) -> tuple[tuple[str, str], ...]:
    """Return the contents of memories that the layer reads from the folder it runs in."""
    return tuple((path.name, path.read_text()) for path in sorted(layer.code.glob("*.dat")))


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
