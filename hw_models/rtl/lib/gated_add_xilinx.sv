// Adder with a gate on Xilinx, both in one LUT6_2 a bit: sum = x + (gate ? y : 0).
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
  localparam logic [63:0] I0 = 64'hAAAAAAAAAAAAAAAA, I1 = 64'hCCCCCCCCCCCCCCCC;
  localparam logic [63:0] I2 = 64'hF0F0F0F0F0F0F0F0, I5 = 64'hFFFFFFFF00000000;
  localparam logic [63:0] ADD = I0 ^ (I5 & I1 & I2);  // with i5 = 1: o6 is x ^ (y & gate), o5 is x

  bf_xilinx_chain #(
      .N(BITS),
      .TABLES({BITS{ADD}})
  ) chain (
      .i0(x),
      .i1(y),
      .i2({BITS{gate}}),
      .i3({BITS{1'b0}}),
      .i4({BITS{1'b0}}),
      .i5({BITS{1'b1}}),
      .cin(1'b0),
      .s(sum),
      .cout(),
      .inverse()
  );
endmodule
