// Adder with a gate: sum = x + (gate ? y : 0).
//
//   x, y  in,  BITS
//   gate  in,  1
//   sum   out, BITS
module bf_gated_add #(
    parameter int BITS = 8
) (
    input  wire [BITS-1:0] x,
    input  wire [BITS-1:0] y,
    input  wire            gate,
    output wire [BITS-1:0] sum
);
  assign sum = x + (y & {BITS{gate}});
endmodule
