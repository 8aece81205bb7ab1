// Multiply-accumulate in floating point: acc <= round((clr ? 0 : acc) + a * w) on a clock edge with
// en; the product is exact.
//
// FIXED: the product stays in fixed point, at one exponent, as for an exact accumulator. It is the
// smaller cell where the product has no more bits than acc's significand.
//
//   clk  in,  1             clock
//   en   in,  1             accumulate now
//   clr  in,  1             start a new sum with this product
//   a    in,  A_BITS        activation code
//   w    in,  W_BITS        weight code
//   acc  out, 1 + EXP + MAN  sum, IEEE 754
module bf_float_mac #(
    parameter int A_BITS = 8,
    parameter int A_EXP = 4,
    parameter bit A_SIGNED = 1,
    parameter int A_SIG = 4,
    parameter int W_BITS = 8,
    parameter int W_EXP = 4,
    parameter bit W_SIGNED = 1,
    parameter int W_SIG = 4,
    parameter bit FIXED = 0,
    parameter int P_BITS = 8,
    parameter int RANGE = 28,
    parameter int FINE = 3,
    parameter int OFFSET = 0,
    parameter int EXP = 5,
    parameter int MAN = 10,
    parameter int M_BITS = 8,
    parameter int E_BITS = 7,
    parameter int R_BITS = 6,
    parameter bit SUBNORMALS = 1,
    parameter bit INFINITIES = 1,
    parameter bit NEGATE = 0
) (
    input  wire              clk,
    input  wire              en,
    input  wire              clr,
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [ EXP+MAN:0] acc
);
  wire [M_BITS-1:0] m;
  wire [E_BITS-1:0] e;
  wire s;

  if (FIXED) begin : gen_fixed
    localparam bit IS_TWOS = (A_SIGNED && A_EXP == 0) || (W_SIGNED && W_EXP == 0);
    localparam int T_BITS = P_BITS + RANGE;
    wire [T_BITS-1:0] term;
    wire beside, far;
    (* keep_hierarchy *)
    bf_product #(
        .A_BITS(A_BITS),
        .A_EXP(A_EXP),
        .A_SIGNED(A_SIGNED),
        .W_BITS(W_BITS),
        .W_EXP(W_EXP),
        .W_SIGNED(W_SIGNED),
        .P_BITS(P_BITS),
        .RANGE(RANGE),
        .FINE(FINE)
    ) product (
        .a(a),
        .w(w),
        .m(term),
        .far(far),
        .s(beside)
    );
    wire inside = IS_TWOS & term[T_BITS-1];
    wire [T_BITS-1:0] magnitude = (term ^ {T_BITS{inside}}) + T_BITS'(inside);
    assign m = magnitude[M_BITS-1:0];
    assign e = E_BITS'(OFFSET);
    assign s = beside ^ inside;
  end else begin : gen_float
    (* keep_hierarchy *)
    bf_float_product #(
        .A_BITS(A_BITS),
        .A_EXP(A_EXP),
        .A_SIGNED(A_SIGNED),
        .A_SIG(A_SIG),
        .W_BITS(W_BITS),
        .W_EXP(W_EXP),
        .W_SIGNED(W_SIGNED),
        .W_SIG(W_SIG),
        .OFFSET(OFFSET),
        .E_BITS(E_BITS),
        .M_BITS(M_BITS)
    ) product (
        .a(a),
        .w(w),
        .m(m),
        .e(e),
        .s(s)
    );
  end

  (* keep_hierarchy *)
  bf_float_accumulate #(
      .EXP(EXP),
      .MAN(MAN),
      .M_BITS(M_BITS),
      .E_BITS(E_BITS),
      .R_BITS(R_BITS),
      .NORMAL(!FIXED),
      .SUBNORMALS(SUBNORMALS),
      .INFINITIES(INFINITIES),
      .NEGATE(NEGATE)
  ) accumulate (
      .clk(clk),
      .en(en),
      .clr(clr),
      .m(m),
      .e(e),
      .s(s),
      .acc(acc)
  );
endmodule
