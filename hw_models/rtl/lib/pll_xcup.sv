// MMCME4 of AMD UltraScale+: clk = clk_in * MULTIPLY / OUTPUT, VCO at OUTPUT times that.
//
//   clk_in  in,  1  the board's clock, behind its buffer
//   clk     out, 1  the accelerator's clock
//   locked  out, 1  it is stable
module bf_pll #(
    parameter int INPUT_KHZ = 125000,
    parameter int DIVIDE = 1,
    parameter int MULTIPLY = 8,
    parameter int OUTPUT = 10
) (
    input  wire clk_in,
    output wire clk,
    output wire locked
);
  wire feedback, fast;
  MMCME4_BASE #(
      .CLKIN1_PERIOD(1.0e6 / INPUT_KHZ),
      .DIVCLK_DIVIDE(DIVIDE),
      .CLKFBOUT_MULT_F(MULTIPLY),
      .CLKOUT0_DIVIDE_F(OUTPUT)
  ) mmcm (
      .CLKIN1(clk_in),
      .CLKFBIN(feedback),
      .CLKFBOUT(feedback),
      .CLKOUT0(fast),
      .LOCKED(locked),
      .PWRDWN(1'b0),
      .RST(1'b0)
  );
  BUFG buffer (
      .I(fast),
      .O(clk)
  );
endmodule
