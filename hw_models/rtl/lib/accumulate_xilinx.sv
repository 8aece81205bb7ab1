// Accumulators on Xilinx: last shifter stage, sign, clear and addition in one LUT6_2 a bit.
//
//   acc <= (clr ? 0 : acc) + (s ? ~x : x) + cin  on a clock edge with en,
//   x = m * 2^(far * FAR - OFFSET)
//
//   clk  in,  1       clock
//   en   in,  1       accumulate now
//   clr  in,  1       start a new sum with this term
//   m    in,  M_BITS  term or its magnitude; two's complement if M_SIGNED; a multiple of 2^OFFSET
//                     where far is 0
//   far  in,  1       shift by FAR bits more
//   s    in,  1       complement the term; only if HAS_SIGN
//   cin  in,  1       one more, which makes it the negative term; only if HAS_SIGN
//   acc  out, BITS    sum, two's complement
module bf_accumulate_far #(
    parameter int M_BITS = 16,
    parameter bit M_SIGNED = 1,
    parameter bit HAS_SIGN = 0,
    parameter int FAR = 0,
    parameter int OFFSET = 0,
    parameter int BITS = 26
) (
    input  wire              clk,
    input  wire              en,
    input  wire              clr,
    input  wire [M_BITS-1:0] m,
    input  wire              far,
    input  wire              s,
    input  wire              cin,
    output reg  [  BITS-1:0] acc
);
  localparam logic [63:0] I0 = 64'hAAAAAAAAAAAAAAAA, I1 = 64'hCCCCCCCCCCCCCCCC;
  localparam logic [63:0] I2 = 64'hF0F0F0F0F0F0F0F0, I3 = 64'hFF00FF00FF00FF00;
  localparam logic [63:0] I4 = 64'hFFFF0000FFFF0000, I5 = 64'hFFFFFFFF00000000;
  // Without acc (i5 = 0) the LUT gives the term, which is also what the carry logic wants of o5.
  localparam logic [63:0] ADD = ((I2 & I1) | (~I2 & I0)) ^ I3 ^ (I5 & ~I4);

  wire [BITS+M_BITS-1:0] extended = {{BITS{M_SIGNED & m[M_BITS-1]}}, m};
  wire [BITS-1:0] near_term = extended[OFFSET+:BITS];
  wire [BITS+FAR-1:0] shifted = {{FAR{1'b0}}, {BITS{1'b0}}} | (extended[BITS+OFFSET-1:0] << FAR);
  wire [BITS-1:0] far_term = FAR == 0 ? '0 : shifted[OFFSET+:BITS];
  wire [BITS-1:0] next;
  wire sign = HAS_SIGN & s;

  bf_xilinx_chain #(
      .N(BITS),
      .TABLES({BITS{ADD}})
  ) chain (
      .i0(near_term),
      .i1(far_term),
      .i2({BITS{FAR > 0 & far}}),
      .i3({BITS{sign}}),
      .i4({BITS{clr}}),
      .i5(acc),
      .cin(HAS_SIGN & cin),
      .s(next),
      .cout(),
      .inverse()
  );

  always_ff @(posedge clk) if (en) acc <= next;
endmodule

// The same without a shift.
module bf_accumulate #(
    parameter int M_BITS = 16,
    parameter bit M_SIGNED = 1,
    parameter bit HAS_SIGN = 0,
    parameter int BITS = 26
) (
    input  wire              clk,
    input  wire              en,
    input  wire              clr,
    input  wire [M_BITS-1:0] m,
    input  wire              s,
    input  wire              cin,
    output wire [  BITS-1:0] acc
);
  bf_accumulate_far #(
      .M_BITS(M_BITS),
      .M_SIGNED(M_SIGNED),
      .HAS_SIGN(HAS_SIGN),
      .BITS(BITS)
  ) accumulate (
      .clk(clk),
      .en(en),
      .clr(clr),
      .m(m),
      .far(1'b0),
      .s(s),
      .cin(cin),
      .acc(acc)
  );
endmodule
