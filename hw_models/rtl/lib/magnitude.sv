// A code as an integer: a minifloat's significand, shifted by its exponent, in units of the lsb.
//
// TABLE is for codes so short that every bit of the value is one LUT.
//
//   code   in,  BITS        a minifloat if EXP > 0, else an integer, which passes
//   sign   out, 1           sign of a minifloat; 0 for integers, whose sign is inside
//   value  out, VALUE_BITS  magnitude of a minifloat, or the integer
module bf_magnitude #(
    parameter int BITS = 8,
    parameter int EXP = 4,
    parameter bit SIGNED = 1,
    parameter bit TABLE = 0,
    parameter int VALUE_BITS = 18
) (
    input  wire [      BITS-1:0] code,
    output wire                  sign,
    output wire [VALUE_BITS-1:0] value
);
  localparam int SIG = EXP > 0 ? BITS - int'(SIGNED) - EXP + 1 : BITS;
  localparam int STAGES = SIG > 2 ? $clog2(SIG - 1) : 1;
  wire zero;
  wire [(EXP > 1 ? EXP-1 : 0):0] exponent;
  wire [SIG-1:0] significand;
  bf_operand #(
      .BITS(BITS),
      .EXP(EXP),
      .SIGNED(SIGNED)
  ) operand (
      .code(code),
      .sign(sign),
      .exponent(exponent),
      .zero(zero),
      .significand(significand)
  );
  wire [SIG-1:0] whole = significand ^ (SIG'(EXP > 0) << (SIG - 1));  // the hidden bit is inverted
  if (EXP > 1 && TABLE) begin : gen_table
    assign value = VALUE_BITS'(whole) << (exponent - !zero);
  end else if (EXP > 1) begin : gen_shift
    bf_shift #(
        .X_BITS(SIG),
        .SIGNED(1'b0),
        .K_BITS(EXP),
        .OFFSET(1),
        .RANGE(VALUE_BITS - SIG),
        .FINE(STAGES < EXP ? STAGES : EXP)
    ) shift (
        .x(whole),
        .k(exponent | EXP'(zero)),
        .y(value)
    );
  end else begin : gen_fixed
    assign value = whole;
  end
endmodule
