// Exact product of two codes on Xilinx where both together have at most six bits beside their
// signs: one LUT6 for each bit of the result. Ports and parameters as in product.sv.
module bf_product_table #(
    parameter int A_BITS = 3,
    parameter int A_EXP = 0,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 3,
    parameter int W_EXP = 0,
    parameter bit W_SIGNED = 1,
    parameter int M_BITS = 5
) (
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [M_BITS-1:0] m,
    output wire              s
);
  localparam bit A_SIGN = A_SIGNED && A_EXP > 0;
  localparam bit W_SIGN = W_SIGNED && W_EXP > 0;
  localparam int A_MAG = A_BITS - int'(A_SIGN);
  localparam int W_MAG = W_BITS - int'(W_SIGN);

  // Value of a code without its sign bit, in units of the format's lsb.
  function automatic int value(input int code, input int mag, input int exp, input bit is_signed);
    int exponent, fraction;
    if (exp == 0) value = (is_signed && code >= (1 << (mag - 1))) ? code - (1 << mag) : code;
    else begin
      exponent = code >> (mag - exp);
      fraction = code % (1 << (mag - exp));
      if (exponent == 0) value = fraction;
      else value = (fraction + (1 << (mag - exp))) << (exponent - 1);
    end
  endfunction

  function automatic logic [63:0] table_of(input int position);
    int product;
    for (int i = 0; i < 64; i++) begin
      product = value(i % (1 << A_MAG), A_MAG, A_EXP, A_SIGNED)
          * value((i >> A_MAG) % (1 << W_MAG), W_MAG, W_EXP, W_SIGNED);
      table_of[i] = (product >> position) & 1;
    end
  endfunction

  wire [5:0] index = 6'({w[W_MAG-1:0], a[A_MAG-1:0]});
  assign s = (A_SIGN & a[A_BITS-1]) ^ (W_SIGN & w[W_BITS-1]);
  for (genvar i = 0; i < M_BITS; i++) begin : gen_bit
    LUT6 #(
        .INIT(table_of(i))
    ) lut (
        .I0(index[0]),
        .I1(index[1]),
        .I2(index[2]),
        .I3(index[3]),
        .I4(index[4]),
        .I5(index[5]),
        .O (m[i])
    );
  end
endmodule
