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
    parameter int RANGE = 0,
    parameter int FINE = 0,
    parameter bit KEEP_TOP = 0,
    parameter bit TABLE = 0,
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

  localparam int A_SHIFT = A_EXP > 1 ? A_EXP : 0;
  localparam int W_SHIFT = W_EXP > 1 ? W_EXP : 0;
  localparam int OFFSET = int'(A_SHIFT > 0) + int'(W_SHIFT > 0);
  localparam int K_BITS = (A_SHIFT > W_SHIFT ? A_SHIFT : W_SHIFT) + int'(OFFSET == 2);
  localparam int FAR = KEEP_TOP ? 1 << (K_BITS - 1) : 0;
  localparam int M_BITS = P_BITS + (KEEP_TOP ? FAR - 1 : RANGE);

  wire [M_BITS-1:0] m;
  wire far, s;

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
      .KEEP_TOP(KEEP_TOP),
      .TABLE(TABLE),
      .M_BITS(M_BITS)
  ) lane (
      .clk(clk),
      .a(a),
      .w(w),
      .m(m),
      .far(far),
      .s(s)
  );
  if (KEEP_TOP) begin : gen_far
    (* keep_hierarchy *)
    bf_accumulate_far #(
        .M_BITS(M_BITS),
        .M_SIGNED(IS_TWOS),
        .HAS_SIGN(HAS_SIGN),
        .FAR(FAR),
        .OFFSET(OFFSET),
        .BITS(ACC_BITS)
    ) accumulate (
        .clk(clk),
        .en(en),
        .clr(clr),
        .m(m),
        .far(far),
        .s(s),
        .cin(s),
        .acc(acc)
    );
  end else begin : gen_near
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
        .cin(s),
        .acc(acc)
    );
  end
endmodule
