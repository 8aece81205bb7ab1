// COUNT dot products of the same activations with weights of their own, a DSP block for each lane:
// acc[j] <= (clr ? 0 : acc[j]) + sum of a[i] * w[j][i], where en is set.
//
// PIPELINED and REGISTERS as in dot.sv, and so is the time until acc shows a beat; parameters of the
// products as in lane_dsp.sv.
//
//   clk  in,  1                       clock
//   en   in,  1                       this beat counts
//   clr  in,  1                       this beat starts a new sum
//   a    in,  LANES * A_BITS          activation codes, lane 0 in the low bits
//   w    in,  COUNT * LANES * W_BITS  weight codes, those of the first dot product in the low bits
//   acc  out, COUNT * ACC_BITS        exact sums, two's complement, in units of the product's lsb
module bf_dot_dsp #(
    parameter int COUNT = 2,
    parameter bit INTEGERS = 1,
    parameter bit HALVES = 0,
    parameter bit A_TABLE = 0,
    parameter bit W_TABLE = 0,
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
    parameter int REGISTERS = 0,
    parameter int ACC_BITS = 25
) (
    input  wire                          clk,
    input  wire                          en,
    input  wire                          clr,
    input  wire [      LANES*A_BITS-1:0] a,
    input  wire [COUNT*LANES*W_BITS-1:0] w,
    output wire [    COUNT*ACC_BITS-1:0] acc
);
  localparam bit IS_TWOS = (A_SIGNED && A_EXP == 0) || (W_SIGNED && W_EXP == 0);
  localparam bit HAS_SIGN = (A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0);
  localparam int M_BITS = P_BITS + RANGE;

  wire [COUNT*LANES*M_BITS-1:0] m;
  wire [COUNT*LANES-1:0] s, carry;
  wire late_en, late_clr;

  for (genvar i = 0; i < LANES; i++) begin : gen_lane
    wire [COUNT*W_BITS-1:0] w_lane;
    wire [COUNT*M_BITS-1:0] m_lane;
    wire [COUNT-1:0] s_lane, carry_lane;
    for (genvar j = 0; j < COUNT; j++) begin : gen_place
      assign w_lane[j*W_BITS+:W_BITS] = w[(j*LANES+i)*W_BITS+:W_BITS];
      assign m[(j*LANES+i)*M_BITS+:M_BITS] = m_lane[j*M_BITS+:M_BITS];
      assign s[j*LANES+i] = s_lane[j];
      assign carry[j*LANES+i] = carry_lane[j];
    end
    (* keep_hierarchy *)
    bf_lane_dsp #(
        .COUNT(COUNT),
        .INTEGERS(INTEGERS),
        .HALVES(HALVES),
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
        .FINE(FINE),
        .REGISTERS(REGISTERS)
    ) lane (
        .clk(clk),
        .a(a[i*A_BITS+:A_BITS]),
        .w(w_lane),
        .m(m_lane),
        .s(s_lane),
        .carry(carry_lane)
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

  // No field is below the first.
  for (genvar j = 0; j < COUNT; j++) begin : gen_dot
    bf_sum #(
        .LANES(LANES),
        .PIPELINED(PIPELINED),
        .M_BITS(M_BITS),
        .IS_TWOS(IS_TWOS),
        .HAS_SIGN(HAS_SIGN),
        .HAS_CARRY(IS_TWOS && !HALVES && j > 0),
          .ACC_BITS(ACC_BITS)
    ) sum (
        .clk(clk),
        .en(late_en),
        .clr(late_clr),
        .m(m[j*LANES*M_BITS+:LANES*M_BITS]),
        .s(s[j*LANES+:LANES]),
        .carry(carry[j*LANES+:LANES]),
        .acc(acc[j*ACC_BITS+:ACC_BITS])
    );
  end
endmodule
