// Value of a code as an integer, in units of the format's lsb.
//
//   code   in,  CODE_BITS  a minifloat if EXP > 0, else an integer
//   value  out, BITS       two's complement if SIGNED, else unsigned
module bf_fixed #(
    parameter int CODE_BITS = 8,
    parameter int EXP = 4,
    parameter bit SIGNED = 1,
    parameter int BITS = 19
) (
    input  wire [CODE_BITS-1:0] code,
    output wire [     BITS-1:0] value
);
  if (EXP == 0) begin : gen_integer
    assign value = code;
  end else begin : gen_minifloat
    localparam int SIG = CODE_BITS - int'(SIGNED) - EXP + 1;
    wire sign, zero;
    wire [(EXP > 1 ? EXP-1 : 0):0] exponent;
    wire [SIG-1:0] significand;
    bf_operand #(
        .BITS(CODE_BITS),
        .EXP(EXP),
        .SIGNED(SIGNED)
    ) operand (
        .code(code),
        .sign(sign),
        .exponent(exponent),
        .zero(zero),
        .significand(significand)
    );
    localparam logic [SIG-1:0] HIDDEN = 1 << (SIG - 1);  // the operand has that bit inverted
    wire [BITS-1:0] whole = significand ^ HIDDEN;
    wire [BITS-1:0] magnitude = whole << (exponent - !zero);
    assign value = (magnitude ^ {BITS{sign}}) + sign;
  end
endmodule
