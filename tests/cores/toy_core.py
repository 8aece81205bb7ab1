"""A core small enough to build in seconds, with the ports of a real one."""

from dataclasses import replace

from hw_models.payload import Payload
from hw_models.rtl.board import CoreInterface
from hw_models.rtl.cell import Rtl

_TEXT = """\
// Gives the sums of two elements of five bits plus a number from a memory, one every 501 cycles.
module toy_core (
    input  wire       clk,
    input  wire       rst,
    input  wire [9:0] in_data,
    input  wire       in_valid,
    output wire       in_ready,
    output reg  [6:0] out_data,
    output reg        out_valid,
    input  wire       out_ready
);
  reg [6:0] offsets[1];
  reg [8:0] hold;
  initial $readmemh("offsets.hex", offsets);
  assign in_ready = hold == '0 && (!out_valid || out_ready);
  always_ff @(posedge clk) begin
    if (rst) begin
      out_valid <= 1'b0;
      hold <= '0;
    end else begin
      if (hold != '0) hold <= hold - 1'b1;
      if (out_ready) out_valid <= 1'b0;
      if (in_valid && in_ready) begin
        out_valid <= 1'b1;
        out_data <= 7'(in_data[9:5]) + 7'(in_data[4:0]) + offsets[0];
        hold <= 9'd500;
      end
    end
  end
endmodule
"""
OFFSET = 0x45
INPUT = Payload(element_bits=5, lanes=2, beats=12)
OUTPUT = Payload(element_bits=7, lanes=1, beats=12, is_signed=True)


def toy_core(digest="0f" * 32):
    """Return the core: 24 codes of five bits in, 12 sums of seven bits out."""
    rtl = Rtl(top="toy_core", text=_TEXT, sources=(), memories=(("offsets.hex", f"{OFFSET:x}\n"),))
    return CoreInterface(rtl=rtl, input=INPUT, output=OUTPUT, digest=digest)


def other_toy_core():
    """Return a core that does the same and says it is another design."""
    return replace(toy_core(), digest="f0" * 32)


def expected(elements):
    """Return what the core makes of one frame, `(24,)` to `(12,)`."""
    sums = elements.reshape(12, 2).sum(axis=1) + OFFSET
    return (sums + 64) % 128 - 64
