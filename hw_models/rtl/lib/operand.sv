// Fields of one operand's code, as the multiplier and the shifter want them.
//
// A minifloat (EXP > 0) is {sign if SIGNED, exponent, mantissa}; its significand gains the hidden
// bit on top, inverted: `zero` says that the exponent field is 0. An integer (EXP = 0) is its own
// significand. The special codes of fn, ieee and fnuz formats never occur and decode as numbers.
//
//   code         in,  BITS          bit pattern
//   sign         out, 1             sign of a minifloat; 0 for integers, whose sign is inside
//   exponent     out, max(EXP, 1)   exponent field; 0 for integers
//   zero         out, 1             exponent field is 0: a subnormal, whose exponent counts as 1
//   significand  out, SIG           {zero, mantissa}, or the integer
module bf_operand #(
    parameter int BITS = 8,
    parameter int EXP = 4,
    parameter bit SIGNED = 1,
    parameter int SIG = EXP > 0 ? BITS - int'(SIGNED) - EXP + 1 : BITS
) (
    input  wire [             BITS-1:0] code,
    output wire                        sign,
    output wire [(EXP > 1 ? EXP-1 : 0):0] exponent,
    output wire                        zero,
    output wire [              SIG-1:0] significand
);
  if (EXP == 0) begin : gen_integer
    assign sign = 1'b0;
    assign exponent = 1'b0;
    assign zero = 1'b0;
    assign significand = code;
  end else begin : gen_minifloat
    assign sign = SIGNED & code[BITS-1];
    assign exponent = code[SIG-1+:EXP];
    assign zero = exponent == '0;
    assign significand[SIG-1] = zero;
    if (SIG > 1) begin : gen_mantissa
      assign significand[SIG-2:0] = code[SIG-2:0];
    end
  end
endmodule
