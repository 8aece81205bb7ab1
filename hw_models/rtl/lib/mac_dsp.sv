// Multiply-accumulate with a DSP block: acc <= (clr ? 0 : acc) + a * w on a clock edge with en.
// Parameters of the product as in lane_dsp.sv.
//
//   clk  in,  1         clock
//   en   in,  1         accumulate now
//   clr  in,  1         start a new sum with this product
//   a    in,  A_BITS    activation code
//   w    in,  W_BITS    weight code
//   acc  out, ACC_BITS  exact sum, two's complement, in units of the product's lsb
module bf_mac_dsp #(
    parameter bit INTEGERS = 1,
    parameter bit A_TABLE = 0,
    parameter bit W_TABLE = 0,
    parameter int A_BITS = 8,
    parameter int A_EXP = 0,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 0,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 15,
    parameter int RANGE = 0,
    parameter int FINE = 0,
    parameter int ACC_BITS = 25
) (
    input  wire                clk,
    input  wire                en,
    input  wire                clr,
    input  wire [  A_BITS-1:0] a,
    input  wire [  W_BITS-1:0] w,
    output wire [ACC_BITS-1:0] acc
);
  wire [P_BITS+RANGE-1:0] m;
  wire s;
  (* keep_hierarchy *)
  bf_lane_dsp #(
      .INTEGERS(INTEGERS),
      .A_TABLE(A_TABLE),
      .W_TABLE(W_TABLE),
      .A_BITS(A_BITS),
      .A_EXP(A_EXP),
      .A_SIGNED(A_SIGNED),
      .W_BITS(W_BITS),
      .W_EXP(W_EXP),
      .W_SIGNED(W_SIGNED),
      .P_BITS(P_BITS),
      .RANGE(RANGE),
      .FINE(FINE)
  ) lane (
      .clk(clk),
      .a(a),
      .w(w),
      .m(m),
      .s(s),
      .carry()
  );
  (* keep_hierarchy *)
  bf_accumulate #(
      .M_BITS(P_BITS + RANGE),
      .M_SIGNED((A_SIGNED && A_EXP == 0) || (W_SIGNED && W_EXP == 0)),
      .HAS_SIGN((A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0)),
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
endmodule
