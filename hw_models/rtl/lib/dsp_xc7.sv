// Multiplier of a DSP block on 7 series; parameters and ports as in dsp_plain.sv: a of at most 18
// bits, w of 25, one less where they are unsigned.
//
// w - sub is the block's own adder in front (UG479: D - A), and the registers are its own.
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
  localparam int IN = REGISTERS > 1 ? 1 : 0;
  localparam int OUT = REGISTERS > 0 ? 1 : 0;
  wire [17:0] a_wide = {{18{A_SIGNED & a[A_BITS-1]}}, a};
  wire [24:0] w_wide = {{25{W_SIGNED & w[W_BITS-1]}}, w};
  wire [29:0] sub_wide = sub;
  wire [47:0] product;
  assign p = product[A_BITS+W_BITS-1:0];

  if (SUBTRACTS) begin : gen_subtract
    bf_dsp48 #(
        .ADDS(1),
        .IN  (IN),
        .OUT (OUT)
    ) block (
        .clk(clk),
        .a(sub_wide),
        .b(a_wide),
        .d(w_wide),
        .p(product)
    );
  end else begin : gen_whole
    bf_dsp48 #(
        .ADDS(0),
        .IN  (IN),
        .OUT (OUT)
    ) block (
        .clk(clk),
        .a({{5{w_wide[24]}}, w_wide}),
        .b(a_wide),
        .d(25'b0),
        .p(product)
    );
  end
endmodule

// DSP48E1 with its multiplier only: p = (ADDS ? d - a : a) * b, signed.
//
//   clk  in,  1   clock of the registers: in front of it if IN, behind the multiplier if OUT
//   a    in,  30  the lowest 25 bits count
//   b    in,  18
//   d    in,  25
//   p    out, 48
module bf_dsp48 #(
    parameter bit ADDS = 0,
    parameter int IN = 0,
    parameter int OUT = 0
) (
    input  wire        clk,
    input  wire [29:0] a,
    input  wire [17:0] b,
    input  wire [24:0] d,
    output wire [47:0] p
);
  if (ADDS) begin : gen_adds
    DSP48E1 #(
        .USE_DPORT("TRUE"),
        .USE_MULT("MULTIPLY"), .AREG(IN), .ACASCREG(IN), .BREG(IN), .BCASCREG(IN), .DREG(IN), .ADREG(0),
        .MREG(OUT), .PREG(0), .CREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0),
        .INMODEREG(0), .OPMODEREG(0)
    ) multiply (
        .INMODE(5'b01100),
        .CLK(clk), .A(a), .B(b), .D(d), .C(48'b0), .P(p), .ALUMODE(4'b0000), .OPMODE(7'b0000101),
        .CARRYINSEL(3'b000), .CARRYIN(1'b0), .ACIN(30'b0), .BCIN(18'b0), .PCIN(48'b0),
        .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0), .CEA1(1'b0), .CEA2(1'b1), .CEB1(1'b0), .CEB2(1'b1),
        .CED(1'b1), .CEAD(1'b1), .CEM(1'b1), .CEP(1'b1), .CEC(1'b1), .CEALUMODE(1'b1),
        .CECARRYIN(1'b1), .CECTRL(1'b1), .CEINMODE(1'b1), .RSTA(1'b0), .RSTALLCARRYIN(1'b0),
        .RSTALUMODE(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTCTRL(1'b0), .RSTD(1'b0),
        .RSTINMODE(1'b0), .RSTM(1'b0), .RSTP(1'b0)
    );
  end else begin : gen_plain
    DSP48E1 #(
        .USE_DPORT("FALSE"),
        .USE_MULT("MULTIPLY"), .AREG(IN), .ACASCREG(IN), .BREG(IN), .BCASCREG(IN), .DREG(IN), .ADREG(0),
        .MREG(OUT), .PREG(0), .CREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0),
        .INMODEREG(0), .OPMODEREG(0)
    ) multiply (
        .INMODE(5'b00000),
        .CLK(clk), .A(a), .B(b), .D(d), .C(48'b0), .P(p), .ALUMODE(4'b0000), .OPMODE(7'b0000101),
        .CARRYINSEL(3'b000), .CARRYIN(1'b0), .ACIN(30'b0), .BCIN(18'b0), .PCIN(48'b0),
        .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0), .CEA1(1'b0), .CEA2(1'b1), .CEB1(1'b0), .CEB2(1'b1),
        .CED(1'b1), .CEAD(1'b1), .CEM(1'b1), .CEP(1'b1), .CEC(1'b1), .CEALUMODE(1'b1),
        .CECARRYIN(1'b1), .CECTRL(1'b1), .CEINMODE(1'b1), .RSTA(1'b0), .RSTALLCARRYIN(1'b0),
        .RSTALUMODE(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTCTRL(1'b0), .RSTD(1'b0),
        .RSTINMODE(1'b0), .RSTM(1'b0), .RSTP(1'b0)
    );
  end
endmodule
