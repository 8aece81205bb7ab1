// Multiplier of a DSP block, portable: p = a * (w - sub).
//
//   clk  in,  1                clock, used if REGISTERS > 0
//   a    in,  A_BITS           two's complement if A_SIGNED
//   w    in,  W_BITS           two's complement if W_SIGNED
//   sub  in,  W_BITS           taken from w if SUBTRACTS; bits below FIRST are 0
//   p    out, A_BITS + W_BITS  product, two's complement if either operand is; after REGISTERS
//                              clock edges: the last behind the multiplier, another in front of it
module bf_dsp #(
    parameter int A_BITS = 8,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter bit W_SIGNED = 1,
    parameter bit SUBTRACTS = 0,
    parameter int FIRST = 0,
    parameter int REGISTERS = 0
) (
    input  wire                     clk,
    input  wire [       A_BITS-1:0] a,
    input  wire [       W_BITS-1:0] w,
    input  wire [       W_BITS-1:0] sub,
    output wire [A_BITS+W_BITS-1:0] p
);
  wire [A_BITS-1:0] a_late;
  wire [W_BITS-1:0] w_late;
  wire [W_BITS-1:0] x = SUBTRACTS ? w - sub : w;
  bf_delay #(
      .BITS(A_BITS + W_BITS),
      .STAGES(REGISTERS > 1 ? 1 : 0)
  ) register_operands (
      .clk(clk),
      .x({a, x}),
      .y({a_late, w_late})
  );
  wire signed [A_BITS:0] a_wide = {A_SIGNED & a_late[A_BITS-1], a_late};
  wire signed [W_BITS:0] w_wide = {W_SIGNED & w_late[W_BITS-1], w_late};
  wire signed [A_BITS+W_BITS+1:0] product = a_wide * w_wide;
  bf_delay #(
      .BITS(A_BITS + W_BITS),
      .STAGES(REGISTERS > 0 ? 1 : 0)
  ) register_product (
      .clk(clk),
      .x(product[A_BITS+W_BITS-1:0]),
      .y(p)
  );
endmodule
