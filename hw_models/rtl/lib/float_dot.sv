// Dot product with a floating-point accumulator: acc <= round((clr ? 0 : acc) + sum of a[i] * w[i])
// on a clock edge with en. Products and their sum are exact; one rounding a clock, half to even.
//
// The sum over the lanes stays in fixed point, so acc must be a multiple of its lsb, as it is in sums
// that start with clr. Parameters of the products as in dot.sv, the others as in float_mac.sv.
//
//   clk  in,  1               clock
//   en   in,  1               accumulate now
//   clr  in,  1               start a new sum with this beat
//   a    in,  LANES * A_BITS  activation codes, lane 0 in the low bits
//   w    in,  LANES * W_BITS  weight codes
//   acc  out, 1 + EXP + MAN   sum, IEEE 754
module bf_float_dot #(
    parameter int LANES = 8,
    parameter int A_BITS = 8,
    parameter int A_EXP = 4,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 4,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 8,
    parameter int RANGE = 28,
    parameter int FINE = 3,
    parameter bit TABLE = 0,
    parameter int OFFSET = 0,
    parameter int EXP = 5,
    parameter int MAN = 10,
    parameter int M_BITS = 39,
    parameter int E_BITS = 7,
    parameter int R_BITS = 6,
    parameter bit SUBNORMALS = 1,
    parameter bit INFINITIES = 1,
    parameter bit NEGATE = 1
) (
    input  wire                    clk,
    input  wire                    en,
    input  wire                    clr,
    input  wire [LANES*A_BITS-1:0] a,
    input  wire [LANES*W_BITS-1:0] w,
    output wire [       EXP+MAN:0] acc
);
  localparam bit IS_TWOS = (A_SIGNED && A_EXP == 0) || (W_SIGNED && W_EXP == 0);
  localparam bit HAS_SIGN = (A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0);
  localparam int TERM = P_BITS + RANGE;
  localparam int SUM_BITS = TERM + int'(HAS_SIGN && !IS_TWOS) + $clog2(LANES);

  wire [LANES*TERM-1:0] m;
  wire [LANES-1:0] s;
  wire [SUM_BITS-1:0] sum, magnitude;
  wire flip;

  for (genvar i = 0; i < LANES; i++) begin : gen_lane
    bf_lane #(
        .A_BITS(A_BITS),
        .A_EXP(A_EXP),
        .A_SIGNED(A_SIGNED),
        .W_BITS(W_BITS),
        .W_EXP(W_EXP),
        .W_SIGNED(W_SIGNED),
        .P_BITS(P_BITS),
        .RANGE(RANGE),
        .FINE(FINE),
        .TABLE(TABLE)
    ) lane (
        .clk(clk),
        .a(a[i*A_BITS+:A_BITS]),
        .w(w[i*W_BITS+:W_BITS]),
        .m(m[i*TERM+:TERM]),
        .far(),
        .s(s[i])
    );
  end
  (* keep_hierarchy *)
  bf_tree #(
      .LANES(LANES),
      .M_BITS(TERM),
      .M_SIGNED(IS_TWOS),
      .HAS_SIGN(HAS_SIGN)
  ) tree (
      .clk(clk),
      .m(m),
      .s(s),
      .cin(s),
      .sum(sum),
      .flip(flip)
  );

  // What the tree left to add is s of the last lane. -(x + 1) = ~x, so a negative sum wants that 1
  // the other way round.
  wire negative = (IS_TWOS || HAS_SIGN) & sum[SUM_BITS-1];
  wire one = negative ^ (HAS_SIGN & s[LANES-1]);
  bf_add #(
      .BITS(SUM_BITS),
      .HAS_SIGN(IS_TWOS || HAS_SIGN)
  ) absolute (
      .x(sum),
      .y({SUM_BITS{1'b0}}),
      .x_flip(negative),
      .y_flip(1'b0),
      .cin(one),
      .sum(magnitude)
  );
  (* keep_hierarchy *)
  bf_float_accumulate #(
      .EXP(EXP),
      .MAN(MAN),
      .M_BITS(M_BITS),
      .E_BITS(E_BITS),
      .R_BITS(R_BITS),
      .NORMAL(0),
      .SUBNORMALS(SUBNORMALS),
      .INFINITIES(INFINITIES),
      .NEGATE(NEGATE)
  ) accumulate (
      .clk(clk),
      .en(en),
      .clr(clr),
      .m(magnitude[M_BITS-1:0]),
      .e(E_BITS'(OFFSET)),
      .s(negative),
      .acc(acc)
  );
endmodule
