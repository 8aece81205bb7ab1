// Sum of two exponents, a field of 0 counting as 1: sum = max(a, 1) + max(w, 1).
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
  assign sum = {1'b0, a | BITS'(a_zero)} + {1'b0, w | BITS'(w_zero)};
endmodule
