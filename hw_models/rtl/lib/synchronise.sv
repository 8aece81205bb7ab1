// Brings a signal of another clock, or of none, into this one: two flip-flops in a row.
//
//   clk  in,  1  clock
//   x    in,  1  changes at any time
//   y    out, 1  the same, two clock edges later
module bf_synchronise #(
    parameter bit INITIAL = 0
) (
    input  wire clk,
    input  wire x,
    output wire y
);
  (* ASYNC_REG = "TRUE" *) reg [1:0] stages = {2{INITIAL}};
  always_ff @(posedge clk) stages <= {stages[0], x};
  assign y = stages[1];
endmodule
