// Multiply-accumulate: acc <= (clr ? 0 : acc) + a * w on a clock edge with en.
//
//   clk  in,  1         clock
//   en   in,  1         accumulate now
//   clr  in,  1         start a new sum with this product
//   a    in,  A_BITS    activation code
//   w    in,  W_BITS    weight code
//   acc  out, ACC_BITS  exact sum, two's complement, in units of the product's lsb
module bf_mac #(
    parameter int A_BITS = 8,
    parameter int A_EXP = 0,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 0,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 15,
    parameter int M_BITS = P_BITS,
    parameter int FINE = 3,
    parameter int ACC_BITS = 25
) (
    input  wire                clk,
    input  wire                en,
    input  wire                clr,
    input  wire [  A_BITS-1:0] a,
    input  wire [  W_BITS-1:0] w,
    output wire [ACC_BITS-1:0] acc
);
  localparam bit IS_TWOS = (A_SIGNED && A_EXP == 0) || (W_SIGNED && W_EXP == 0);
  localparam bit HAS_SIGN = (A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0);

  wire [M_BITS-1:0] m;
  wire s;

  (* keep_hierarchy *)
  bf_product #(
      .A_BITS(A_BITS),
      .A_EXP(A_EXP),
      .A_SIGNED(A_SIGNED),
      .W_BITS(W_BITS),
      .W_EXP(W_EXP),
      .W_SIGNED(W_SIGNED),
      .P_BITS(P_BITS),
      .M_BITS(M_BITS),
      .FINE(FINE)
  ) product (
      .a(a),
      .w(w),
      .m(m),
      .s(s)
  );
  (* keep_hierarchy *)
  bf_accumulate #(
      .M_BITS(M_BITS),
      .M_SIGNED(IS_TWOS),
      .HAS_SIGN(HAS_SIGN),
      .BITS(ACC_BITS)
  ) accumulate (
      .clk(clk),
      .en(en),
      .clr(clr),
      .m(m),
      .s(s),
      .acc(acc)
  );
endmodule
