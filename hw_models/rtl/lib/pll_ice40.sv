// SB_PLL40_PAD of the iCE40: clk = clk_in / DIVIDE * MULTIPLY / OUTPUT, VCO at OUTPUT times that.
//
//   clk_in  in,  1  the board's clock, a pin that has a PLL
//   clk     out, 1  the accelerator's clock
//   locked  out, 1  it is stable
module bf_pll #(
    parameter int INPUT_KHZ = 12000,
    parameter int DIVIDE = 1,
    parameter int MULTIPLY = 64,
    parameter int OUTPUT = 32
) (
    input  wire clk_in,
    output wire clk,
    output wire locked
);
  localparam int DETECTOR_KHZ = INPUT_KHZ / DIVIDE;
  localparam bit [2:0] FILTER = DETECTOR_KHZ < 17_000 ? 3'd1
      : DETECTOR_KHZ < 26_000 ? 3'd2
      : DETECTOR_KHZ < 44_000 ? 3'd3
      : DETECTOR_KHZ < 66_000 ? 3'd4
      : DETECTOR_KHZ < 101_000 ? 3'd5 : 3'd6;

  SB_PLL40_PAD #(
      .FEEDBACK_PATH("SIMPLE"),
      .DIVR(4'(DIVIDE - 1)),
      .DIVF(7'(MULTIPLY - 1)),
      .DIVQ(3'($clog2(OUTPUT))),
      .FILTER_RANGE(FILTER)
  ) pll (
      .RESETB(1'b1),
      .BYPASS(1'b0),
      .PACKAGEPIN(clk_in),
      .PLLOUTGLOBAL(clk),
      .LOCK(locked)
  );
endmodule
