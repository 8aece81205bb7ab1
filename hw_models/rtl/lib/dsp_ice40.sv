// Multiplier of a DSP block on iCE40 UltraPlus; parameters and ports as in dsp_plain.sv, at most
// 16 x 16 bits. The block has no subtractor in front. Its registers are its own.
//
//   clk, a, w, sub  in
//   p               out
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
  wire [W_BITS-1:0] x;
  if (SUBTRACTS) begin : gen_subtract
    assign x[W_BITS-1:FIRST] = w[W_BITS-1:FIRST] - sub[W_BITS-1:FIRST];
    if (FIRST > 0) assign x[FIRST-1:0] = w[FIRST-1:0];
  end else begin : gen_whole
    assign x = w;
  end
  wire [31:0] product;
  wire [15:0] a_wide = {{16{A_SIGNED & a[A_BITS-1]}}, a};
  wire [15:0] x_wide = {{16{W_SIGNED & x[W_BITS-1]}}, x};
  assign p = product[A_BITS+W_BITS-1:0];
  bf_mac16 #(
      .HALVES(0),
      .A_SIGNED(A_SIGNED),
      .B_SIGNED(W_SIGNED),
      .REGISTERS(REGISTERS)
  ) block (
      .clk(clk),
      .a(a_wide),
      .b(x_wide),
      .p(product)
  );
endmodule

// Two products in one block, which can do 8 x 8 bits twice.
//
//   clk  in,  1                      clock, used if REGISTERS > 0
//   a    in,  A_BITS                 operand of both, two's complement if A_SIGNED
//   w    in,  2 * W_BITS             the other operands, two's complement if W_SIGNED
//   p    out, 2 * (A_BITS + W_BITS)  both products
module bf_dsp_halves #(
    parameter int A_BITS = 8,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter bit W_SIGNED = 1,
    parameter int REGISTERS = 0
) (
    input  wire                         clk,
    input  wire [           A_BITS-1:0] a,
    input  wire [         2*W_BITS-1:0] w,
    output wire [2*(A_BITS+W_BITS)-1:0] p
);
  localparam int P_BITS = A_BITS + W_BITS;
  wire [7:0] a_wide = {{8{A_SIGNED & a[A_BITS-1]}}, a};
  wire [7:0] low = {{8{W_SIGNED & w[W_BITS-1]}}, w[W_BITS-1:0]};
  wire [7:0] high = {{8{W_SIGNED & w[2*W_BITS-1]}}, w[2*W_BITS-1:W_BITS]};
  wire [31:0] product;
  assign p = {product[16+:P_BITS], product[P_BITS-1:0]};
  bf_mac16 #(
      .HALVES(1),
      .A_SIGNED(A_SIGNED),
      .B_SIGNED(W_SIGNED),
      .REGISTERS(REGISTERS)
  ) block (
      .clk(clk),
      .a({a_wide, a_wide}),
      .b({high, low}),
      .p(product)
  );
endmodule

// SB_MAC16 with its multiplier only: p = a * b, or its high and its low bytes each.
//
//   clk  in,  1   clock of the registers: behind the multiplier, and in front of it from 2 on
//   a    in,  16  two's complement if A_SIGNED
//   b    in,  16  two's complement if B_SIGNED
//   p    out, 32
module bf_mac16 #(
    parameter bit HALVES = 0,
    parameter bit A_SIGNED = 1,
    parameter bit B_SIGNED = 1,
    parameter int REGISTERS = 0
) (
    input  wire        clk,
    input  wire [15:0] a,
    input  wire [15:0] b,
    output wire [31:0] p
);
  localparam bit IN = REGISTERS > 1;
  localparam bit OUT = REGISTERS > 0;
  localparam logic [1:0] SELECT = HALVES ? 2'd2 : 2'd3;
  SB_MAC16 #(
      .A_REG(IN), .B_REG(IN), .C_REG(1'b0), .D_REG(1'b0),
      .TOP_8x8_MULT_REG(HALVES & OUT), .BOT_8x8_MULT_REG(HALVES & OUT),
      .PIPELINE_16x16_MULT_REG1(1'b0), .PIPELINE_16x16_MULT_REG2(~HALVES & OUT),
      .TOPOUTPUT_SELECT(SELECT), .BOTOUTPUT_SELECT(SELECT),
      .MODE_8x8(HALVES), .A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED)
  ) multiply (
      .CLK(clk), .CE(1'b1), .A(a), .B(b), .C(16'b0), .D(16'b0), .O(p),
      .AHOLD(1'b0), .BHOLD(1'b0), .CHOLD(1'b0), .DHOLD(1'b0),
      .IRSTTOP(1'b0), .IRSTBOT(1'b0), .ORSTTOP(1'b0), .ORSTBOT(1'b0),
      .OLOADTOP(1'b0), .OLOADBOT(1'b0), .OHOLDTOP(1'b0), .OHOLDBOT(1'b0),
      .ADDSUBTOP(1'b0), .ADDSUBBOT(1'b0), .CI(1'b0), .ACCUMCI(1'b0), .SIGNEXTIN(1'b0)
  );
endmodule
