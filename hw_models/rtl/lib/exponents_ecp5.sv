// Sum of two exponents on ECP5, a field of 0 counting as 1: sum = max(a, 1) + max(w, 1).
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
  localparam logic [15:0] A = 16'hAAAA, B = 16'hCCCC, C = 16'hF0F0, D = 16'hFF00;
  localparam logic [15:0] LOWEST = (A | B) ^ (C | D);
  localparam logic [15:0] ADD = (D & (A ^ C)) | (~D & A);
  localparam logic [15:0] READ = '0;

  bf_ecp5_chain #(
      .N(BITS + 1),
      .TABLES({READ, {(BITS - 1) {ADD}}, LOWEST})
  ) chain (
      .a({1'b0, a}),
      .b({{BITS{1'b0}}, a_zero}),
      .c({1'b0, w}),
      .d({{BITS{1'b1}}, w_zero}),
      .s(sum)
  );
endmodule
