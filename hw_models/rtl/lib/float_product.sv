// Exact product of two codes as a floating-point number.
//
//   product = (s ? -1 : 1) * m * 2^(e - (M_BITS - 1)),  e counted from wherever OFFSET puts it
//
// If NORMAL, both significands are normalised before they are multiplied (a subnormal's leading
// zeros go into its exponent), so that the product's top bit is in one of two places. Else, for
// codes without a shift, they are multiplied as they are.
//
//   a  in,  A_BITS  activation code; A_EXP exponent bits, 0 for an integer; A_SIG bits of magnitude
//   w  in,  W_BITS  weight code, likewise
//   m  out, M_BITS  significand, its top bit set if NORMAL, or 0
//   e  out, E_BITS  exponent, two's complement: OFFSET unless NORMAL; meaningless if m is 0
//   s  out, 1       sign; meaningless if m is 0
module bf_float_product #(
    parameter int A_BITS = 8,
    parameter int A_EXP = 4,
    parameter bit A_SIGNED = 1,
    parameter int A_SIG = 4,
    parameter int W_BITS = 8,
    parameter int W_EXP = 4,
    parameter bit W_SIGNED = 1,
    parameter int W_SIG = 4,
    parameter bit NORMAL = 1,
    parameter int OFFSET = 0,
    parameter int E_BITS = 7,
    parameter int M_BITS = 8
) (
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [M_BITS-1:0] m,
    output wire [E_BITS-1:0] e,
    output wire              s
);
  wire a_sign, w_sign;
  wire signed [E_BITS-1:0] a_exponent, w_exponent;
  wire [A_SIG-1:0] a_significand;
  wire [W_SIG-1:0] w_significand;
  wire [M_BITS-1:0] p;

  bf_float_operand #(
      .BITS(A_BITS),
      .EXP(A_EXP),
      .SIGNED(A_SIGNED),
      .SIG(A_SIG),
      .NORMAL(NORMAL),
      .E_BITS(E_BITS)
  ) act (
      .code(a),
      .sign(a_sign),
      .exponent(a_exponent),
      .significand(a_significand)
  );
  bf_float_operand #(
      .BITS(W_BITS),
      .EXP(W_EXP),
      .SIGNED(W_SIGNED),
      .SIG(W_SIG),
      .NORMAL(NORMAL),
      .E_BITS(E_BITS)
  ) weight (
      .code(w),
      .sign(w_sign),
      .exponent(w_exponent),
      .significand(w_significand)
  );

  // Fewer, longer rows are cheaper: the longer significand is the multiplicand.
  if (A_SIG >= W_SIG) begin : gen_act_rows
    bf_multiply #(
        .A_BITS(A_SIG),
        .W_BITS(W_SIG),
        .A_SIGNED(1'b0),
        .W_SIGNED(1'b0),
        .P_BITS(M_BITS)
    ) multiply (
        .clk(1'b0),
        .a(a_significand),
        .w(w_significand),
        .p(p)
    );
  end else begin : gen_weight_rows
    bf_multiply #(
        .A_BITS(W_SIG),
        .W_BITS(A_SIG),
        .A_SIGNED(1'b0),
        .W_SIGNED(1'b0),
        .P_BITS(M_BITS)
    ) multiply (
        .clk(1'b0),
        .a(w_significand),
        .w(a_significand),
        .p(p)
    );
  end

  assign s = a_sign ^ w_sign;

  if (!NORMAL) begin : gen_fixed
    assign m = p;
    assign e = E_BITS'(OFFSET);
  end else begin : gen_normal
    wire top, unused;
    wire [E_BITS-1:0] sum;
    if (A_SIG == 1 || W_SIG == 1) begin : gen_one_place
      assign top = 1'b1;
      assign m = p;
    end else begin : gen_two_places
      assign top = p[M_BITS-1];
      assign m = {top | p[M_BITS-2], top ? p[M_BITS-2:0] : p[M_BITS-2:0] << 1};
    end
    assign {sum, unused} = {a_exponent, 1'b1} + {w_exponent, top};
    assign e = sum + E_BITS'(OFFSET);
  end
endmodule

// One operand of the product: sign, significand and exponent.
//
//   code         in,  BITS    bit pattern
//   sign         out, 1       sign
//   exponent     out, E_BITS  max(exponent field, 1), less the zeros that were shifted out
//   significand  out, SIG     magnitude; its top bit is set, or it is 0, if NORMAL
module bf_float_operand #(
    parameter int BITS = 8,
    parameter int EXP = 4,
    parameter bit SIGNED = 1,
    parameter int SIG = 4,
    parameter bit NORMAL = 1,
    parameter int E_BITS = 7
) (
    input  wire        [  BITS-1:0] code,
    output wire                     sign,
    output wire signed [E_BITS-1:0] exponent,
    output wire        [   SIG-1:0] significand
);
  localparam int STAGES = NORMAL ? $clog2(SIG) : 0;
  localparam int LOW = (EXP > STAGES ? EXP : STAGES) + 1;  // holds the exponent with its sign

  wire [SIG-1:0] magnitude;
  wire [LOW-1:0] below, low;
  bf_normalize #(
      .BITS(SIG),
      .STAGES(STAGES),
      .R_BITS(LOW)
  ) normalize (
      .x(magnitude),
      .fill(1'b0),
      .r(LOW'(1)),
      .y(significand),
      .r_left(below)
  );
  assign exponent = {{(E_BITS - LOW) {low[LOW-1]}}, low};

  if (EXP == 0) begin : gen_integer
    assign sign = SIGNED & code[BITS-1];
    wire [BITS-1:0] positive = (code ^ {BITS{sign}}) + BITS'(sign);
    assign magnitude = positive[SIG-1:0];
    assign low = below;
  end else begin : gen_minifloat
    wire zero;
    wire [EXP > 1 ? EXP-1 : 0:0] field;
    wire [SIG-1:0] inverted;
    bf_operand #(
        .BITS(BITS),
        .EXP(EXP),
        .SIGNED(SIGNED)
    ) fields (
        .code(code),
        .sign(sign),
        .exponent(field),
        .zero(zero),
        .significand(inverted)
    );
    assign magnitude = inverted ^ (SIG'(1) << (SIG - 1));
    // Only a field of 0 leaves the exponent to the zeros. A field of one bit always stands for 1.
    assign low = EXP == 1 ? below : LOW'(field) | (below & {LOW{zero}});
  end
endmodule
