// Adder on Xilinx that can complement its operands: sum = (x_flip ? ~x : x) + (y_flip ? ~y : y) + cin.
//
//   x, y            in,  BITS
//   x_flip, y_flip  in,  1     complement the operand; only if HAS_SIGN
//   cin             in,  1     carry in; only if HAS_SIGN
//   sum             out, BITS
module bf_add #(
    parameter int BITS = 8,
    parameter bit HAS_SIGN = 1
) (
    input  wire [BITS-1:0] x,
    input  wire [BITS-1:0] y,
    input  wire            x_flip,
    input  wire            y_flip,
    input  wire            cin,
    output wire [BITS-1:0] sum
);
  localparam logic [63:0] I0 = 64'hAAAAAAAAAAAAAAAA, I1 = 64'hCCCCCCCCCCCCCCCC;
  localparam logic [63:0] I2 = 64'hF0F0F0F0F0F0F0F0, I3 = 64'hFF00FF00FF00FF00;
  localparam logic [63:0] I5 = 64'hFFFFFFFF00000000;
  // With i5 = 1: o6 is the exclusive or of two operands, o5 the first of them.
  localparam logic [63:0] ADD = (I0 ^ I1) ^ (I5 & (I2 ^ I3));

  bf_xilinx_chain #(
      .N(BITS),
      .TABLES({BITS{ADD}})
  ) chain (
      .i0(x),
      .i1({BITS{HAS_SIGN & x_flip}}),
      .i2(y),
      .i3({BITS{HAS_SIGN & y_flip}}),
      .i4({BITS{1'b0}}),
      .i5({BITS{1'b1}}),
      .cin(HAS_SIGN & cin),
      .s(sum),
      .cout(),
      .inverse()
  );
endmodule
