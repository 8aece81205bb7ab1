// Holds the reset until the clock is stable and CYCLES more clock edges have passed.
//
//   clk     in,  1  clock
//   locked  in,  1  the clock is stable; of no clock
//   rst     out, 1  synchronous reset, active high
module bf_reset #(
    parameter int CYCLES = 64
) (
    input  wire clk,
    input  wire locked,
    output wire rst
);
  localparam int BITS = $clog2(CYCLES + 1);
  wire stable;
  reg [BITS-1:0] passed = '0;
  reg held = 1'b1;
  assign rst = held;

  bf_synchronise synchronise (
      .clk(clk),
      .x(locked),
      .y(stable)
  );
  always_ff @(posedge clk) begin
    if (!stable) passed <= '0;
    else if (passed != BITS'(CYCLES)) passed <= passed + 1'b1;
    held <= !stable || passed != BITS'(CYCLES);
  end
endmodule
