// No PLL: the clock is the board's own, or a simulator's. Stands in for the other pll_*.sv.
//
//   clk_in  in,  1  the board's clock
//   clk     out, 1  the accelerator's clock
//   locked  out, 1  it is stable
module bf_pll #(
    parameter int INPUT_KHZ = 0,
    parameter int DIVIDE = 1,
    parameter int MULTIPLY = 1,
    parameter int OUTPUT = 1
) (
    input  wire clk_in,
    output wire clk,
    output wire locked
);
  assign clk = clk_in;
  assign locked = 1'b1;
endmodule
