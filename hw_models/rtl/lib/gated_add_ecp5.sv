// Adder with a gate on ECP5, both in one half slice a bit: sum = x + (gate ? y : 0).
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
  localparam logic [15:0] A = 16'hAAAA, C = 16'hF0F0, D = 16'hFF00;
  localparam logic [15:0] ADD = A ^ (C & D);  // at c = d = 0 it hands on x

  bf_ecp5_chain #(
      .N(BITS),
      .TABLES({BITS{ADD}})
  ) chain (
      .a(x),
      .b({BITS{1'b0}}),
      .c(y),
      .d({BITS{gate}}),
      .s(sum)
  );
endmodule
