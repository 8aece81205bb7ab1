// Multiply-accumulate in floating point: acc <= round((clr ? 0 : acc) + a * w) on a clock edge with
// en; the product is exact.
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
    parameter bit NORMAL = 1,
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
      .NORMAL(NORMAL),
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
  (* keep_hierarchy *)
  bf_float_accumulate #(
      .EXP(EXP),
      .MAN(MAN),
      .M_BITS(M_BITS),
      .E_BITS(E_BITS),
      .R_BITS(R_BITS),
      .NORMAL(NORMAL),
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
