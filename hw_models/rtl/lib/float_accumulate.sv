// Floating-point accumulator: acc <= round((clr ? 0 : acc) + t) on a clock edge with en.
//
//   t = (s ? -1 : 1) * m * 2^(e - (M_BITS - 1) - bias),  bias = 2^(EXP - 1) - 1
//
// acc is an IEEE 754 number of EXP exponent and MAN mantissa bits, with subnormals. The exact sum
// is rounded once, half to even; overflow gives Inf, which stays until clr. Zero is always +0.
//
// The operand of the smaller exponent is shifted right, then the other is added or subtracted. A
// negative difference is only inverted: it is exact, so the ones shifted in below its last bit make
// the rounding step add the missing 1. Where it can be inexact, NEGATE does it properly.
//
//   clk  in,  1             clock
//   en   in,  1             accumulate now
//   clr  in,  1             start a new sum with this term
//   m    in,  M_BITS        significand of the term: top bit set or 0 if NORMAL; else any value,
//                           while e never changes and acc is a multiple of the term's lsb
//   e    in,  E_BITS        exponent of the term, two's complement; E_BITS also hold e - acc's
//   s    in,  1             sign of the term
//   acc  out, 1 + EXP + MAN  sum: sign, exponent, mantissa
//
//   R_BITS      width of the greater exponent, which is not below 1
//   SUBNORMALS  sums below the smallest normal number occur
//   INFINITIES  sums above the greatest finite number occur
module bf_float_accumulate #(
    parameter int EXP = 5,
    parameter int MAN = 10,
    parameter int M_BITS = 8,
    parameter int E_BITS = 7,
    parameter int R_BITS = 6,
    parameter bit NORMAL = 1,
    parameter bit SUBNORMALS = 1,
    parameter bit INFINITIES = 1,
    parameter bit NEGATE = 0
) (
    input  wire               clk,
    input  wire               en,
    input  wire               clr,
    input  wire [ M_BITS-1:0] m,
    input  wire [ E_BITS-1:0] e,
    input  wire               s,
    output reg  [EXP+MAN:0]   acc
);
  // Sum below its carry: a guard and a round bit under acc, and a term shifted right by 1 fits.
  localparam int BITS = MAN + 3 > M_BITS + 1 ? MAN + 3 : M_BITS + 1;
  localparam int STAGES = $clog2(BITS + 1);

  wire acc_sign;
  wire [EXP-1:0] field;
  wire [MAN-1:0] mantissa;
  assign {acc_sign, field, mantissa} = acc & {(1 + EXP + MAN) {~clr}};
  wire hidden = |field;
  wire subnormal = ~hidden;
  wire [EXP-1:0] acc_exponent = field | EXP'(subnormal);
  wire [BITS-1:0] acc_value = {hidden, mantissa, {(BITS - MAN - 1) {1'b0}}};
  wire [BITS-1:0] term_value = {m, {(BITS - M_BITS) {1'b0}}};

  // Which exponent is greater, and by how much; one less where it is acc's.
  wire [E_BITS-1:0] difference = e - E_BITS'(acc_exponent);
  wire below = difference[E_BITS-1];
  wire keep = below | (NORMAL & ~m[M_BITS-1]);
  wire [E_BITS-1:0] distance = difference ^ {E_BITS{below}};
  wire [STAGES-1:0] amount;
  if (E_BITS - 1 > STAGES) begin : gen_far
    assign amount = distance[STAGES-1:0] | {STAGES{|distance[E_BITS-2:STAGES]}};
  end else begin : gen_near
    assign amount = STAGES'(distance[E_BITS-2:0]);
  end

  // Aligning. What falls off the end only says that there is something.
  wire [BITS-1:0] great = keep ? acc_value : term_value;
  wire [BITS-1:0] aligned[STAGES+1];
  wire [STAGES:0] lost;
  assign aligned[STAGES] = keep ? term_value >> 1 : acc_value;
  assign lost[STAGES] = 1'b0;
  for (genvar i = STAGES - 1; i >= 0; i--) begin : gen_align
    localparam int STEP = 1 << i < BITS ? 1 << i : BITS;
    wire [BITS-1:0] x = aligned[i+1];
    wire [BITS+STEP-1:0] moved = {{STEP{1'b0}}, x};
    assign aligned[i] = amount[i] ? moved[BITS+STEP-1:STEP] : x;
    assign lost[i] = lost[i+1] | (amount[i] & |x[STEP-1:0]);
  end

  // great - small = ~(~great + small), and one less if something of small was lost.
  wire subtract = acc_sign ^ s;
  wire borrow = subtract & lost[0];
  wire carry, unused;
  wire [BITS-1:0] sum;
  assign {carry, sum, unused} = {1'b0, aligned[0], 1'b1} + {1'b0, great ^ {BITS{subtract}}, borrow};
  wire negative = subtract & carry;
  wire invert = subtract & ~carry;
  wire [BITS:0] raw = {carry & ~subtract, sum ^ {BITS{invert}}};
  wire [BITS:0] magnitude;
  wire ones;
  if (NEGATE) begin : gen_negate
    wire one_more = negative & ~lost[0];
    assign magnitude = raw + (BITS + 1)'(one_more);
    assign ones = 1'b0;
  end else begin : gen_invert
    assign magnitude = raw;
    assign ones = negative;
  end

  wire [R_BITS-1:0] exponent = keep ? R_BITS'(acc_exponent) : e[R_BITS-1:0];
  wire [BITS:0] normal;
  wire [R_BITS-1:0] lowered;
  bf_normalize #(
      .BITS(BITS + 1),
      .STAGES(STAGES),
      .R_BITS(R_BITS),
      .BOUNDED(SUBNORMALS)
  ) normalize (
      .x(magnitude),
      .fill(ones),
      .r(exponent),
      .y(normal),
      .r_left(lowered)
  );

  // The top bit counts up the exponent, as does a carry of the rounding.
  localparam int REST = BITS - MAN;
  wire top = normal[BITS];
  wire up = normal[REST-1] & (normal[REST] | (|normal[REST-2:0]) | lost[0] | ones);
  wire [R_BITS+MAN:0] result = {1'b0, lowered & {R_BITS{top}}, normal[BITS-1:REST]}
      + {{R_BITS{1'b0}}, top, {MAN{1'b0}}} + (R_BITS + MAN + 1)'(up);
  wire [R_BITS:0] result_exponent = result[R_BITS+MAN:MAN];

  wire infinite, sticky_infinity;
  if (INFINITIES) begin : gen_infinity
    assign sticky_infinity = &field;
    wire beyond;
    if (R_BITS >= EXP) assign beyond = |result_exponent[R_BITS:EXP];
    else assign beyond = 1'b0;
    assign infinite = sticky_infinity | beyond | (&result_exponent[EXP-1:0]);
  end else begin : gen_finite
    assign sticky_infinity = 1'b0;
    assign infinite = 1'b0;
  end

  wire sign = (keep | sticky_infinity ? acc_sign : s) ^ (negative & ~sticky_infinity);
  wire nonzero = SUBNORMALS ? top | up | (|normal[BITS-1:REST]) : top;
  wire [EXP+MAN:0] next = {
    sign & (nonzero | sticky_infinity),
    result_exponent[EXP-1:0] | {EXP{infinite}},
    result[MAN-1:0] & {MAN{~infinite}}
  };
  always_ff @(posedge clk) if (en) acc <= next;
endmodule
