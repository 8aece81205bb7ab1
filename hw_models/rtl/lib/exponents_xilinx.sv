// Sum of two exponents on Xilinx, a field of 0 counting as 1: sum = max(a, 1) + max(w, 1).
//
// max(e, 1) only sets the lowest bit, which the lowest adder's LUT does by itself.
//
//   a, w            in,  BITS      exponent fields
//   a_zero, w_zero  in,  1         the field is 0
//   sum             out, BITS + 1
module bf_exponents #(
    parameter int BITS = 4
) (
    input  wire [BITS-1:0] a,
    input  wire [BITS-1:0] w,
    input  wire            a_zero,
    input  wire            w_zero,
    output wire [  BITS:0] sum
);
  localparam logic [63:0] I0 = 64'hAAAAAAAAAAAAAAAA, I1 = 64'hCCCCCCCCCCCCCCCC;
  localparam logic [63:0] I2 = 64'hF0F0F0F0F0F0F0F0, I3 = 64'hFF00FF00FF00FF00;
  localparam logic [63:0] I5 = 64'hFFFFFFFF00000000;
  // With i5 = 1: o6 is the exclusive or of two operands, o5 the first of them.
  localparam logic [63:0] ADD = (I0 | I1) ^ (I5 & (I2 | I3));

  wire [BITS-1:0] cout;
  assign sum[BITS] = cout[BITS-1];
  bf_xilinx_chain #(
      .N(BITS),
      .TABLES({BITS{ADD}})
  ) chain (
      .i0(a),
      .i1(BITS'(a_zero)),
      .i2(w),
      .i3(BITS'(w_zero)),
      .i4({BITS{1'b0}}),
      .i5({BITS{1'b1}}),
      .cin(1'b0),
      .s(sum[BITS-1:0]),
      .cout(cout),
      .inverse()
  );
endmodule
