// Dot product with accumulator: acc <= (clr ? 0 : acc) + sum of a[i] * w[i], where en is set.
//
// PIPELINED registers the products and every level of the tree, and REGISTERS more stand inside each
// product; acc then shows a beat 2 + REGISTERS + $clog2(LANES) clock edges after it came in, else 1.
// A beat can come in with every edge.
//
//   clk  in,  1               clock
//   en   in,  1               this beat counts
//   clr  in,  1               this beat starts a new sum
//   a    in,  LANES * A_BITS  activation codes, lane 0 in the low bits
//   w    in,  LANES * W_BITS  weight codes
//   acc  out, ACC_BITS        exact sum, two's complement, in units of the product's lsb
module bf_dot #(
    parameter int LANES = 4,
    parameter bit PIPELINED = 0,
    parameter int A_BITS = 8,
    parameter int A_EXP = 0,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 0,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 15,
    parameter int RANGE = 0,
    parameter int FINE = 0,
    parameter bit TABLE = 0,
    parameter int REGISTERS = 0,
    parameter int ACC_BITS = 25
) (
    input  wire                    clk,
    input  wire                    en,
    input  wire                    clr,
    input  wire [LANES*A_BITS-1:0] a,
    input  wire [LANES*W_BITS-1:0] w,
    output wire [    ACC_BITS-1:0] acc
);
  localparam bit IS_TWOS = (A_SIGNED && A_EXP == 0) || (W_SIGNED && W_EXP == 0);
  localparam bit HAS_SIGN = (A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0);
  localparam int M_BITS = P_BITS + RANGE;

  wire [LANES*M_BITS-1:0] m;
  wire [LANES-1:0] s;
  wire late_en, late_clr;

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
        .TABLE(TABLE),
        .REGISTERS(REGISTERS)
    ) lane (
        .clk(clk),
        .a(a[i*A_BITS+:A_BITS]),
        .w(w[i*W_BITS+:W_BITS]),
        .m(m[i*M_BITS+:M_BITS]),
        .far(),
        .s(s[i])
    );
  end

  bf_delay #(
      .BITS(2),
      .STAGES(PIPELINED ? 1 + REGISTERS + $clog2(LANES) : 0)
  ) wait_control (
      .clk(clk),
      .x({en, clr}),
      .y({late_en, late_clr})
  );
  bf_sum #(
      .LANES(LANES),
      .PIPELINED(PIPELINED),
      .M_BITS(M_BITS),
      .IS_TWOS(IS_TWOS),
      .HAS_SIGN(HAS_SIGN),
      .ACC_BITS(ACC_BITS)
  ) sum (
      .clk(clk),
      .en(late_en),
      .clr(late_clr),
      .m(m),
      .s(s),
      .carry({LANES{1'b0}}),
      .acc(acc)
  );
endmodule
