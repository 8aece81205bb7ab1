// DSP48E1 as cells of bitfront use it: P = (D - A) * B, or A * B, with or without registers in front
// of the multiplier and behind it. Other settings find no module, so that nothing is proven of them.
module DSP48E1 #(
    parameter USE_DPORT = "FALSE",
    parameter USE_MULT = "MULTIPLY",
    parameter integer AREG = 1, ACASCREG = 1, BREG = 1, BCASCREG = 1, DREG = 1, ADREG = 1, MREG = 1,
    parameter integer PREG = 1, CREG = 1, ALUMODEREG = 1, CARRYINREG = 1, CARRYINSELREG = 1,
    parameter integer INMODEREG = 1, OPMODEREG = 1
) (
    input CLK,
    input [29:0] A,
    input [17:0] B,
    input [24:0] D,
    input [47:0] C,
    output [47:0] P,
    input [4:0] INMODE,
    input [3:0] ALUMODE,
    input [6:0] OPMODE,
    input [2:0] CARRYINSEL,
    input CARRYIN, CARRYCASCIN, MULTSIGNIN,
    input [29:0] ACIN,
    input [17:0] BCIN,
    input [47:0] PCIN,
    input CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM, CEP,
    input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP
);
  reg [24:0] a_late, d_late;
  reg [17:0] b_late;
  always @(posedge CLK) {a_late, b_late, d_late} <= {A[24:0], B, D};
  wire [24:0] a_in = AREG == 1 ? a_late : A[24:0];
  wire [24:0] d_in = DREG == 1 ? d_late : D;
  wire signed [17:0] b_in = BREG == 1 ? b_late : B;
  wire signed [24:0] x = USE_DPORT == "TRUE" ? d_in - a_in : a_in;
  wire signed [42:0] m = x * b_in;
  reg signed [42:0] m_late;
  always @(posedge CLK) m_late <= m;
  wire signed [42:0] product = MREG == 1 ? m_late : m;
  assign P = {{5{product[42]}}, product};
  // INMODE and OPMODE are ports; cells tie them to D - A or A, and to the product alone.
  if (AREG > 1 || BREG != AREG || DREG != AREG || ADREG != 0 || MREG > 1 || PREG != 0
      || INMODEREG != 0 || OPMODEREG != 0 || ALUMODEREG != 0)
    dsp48e1_setting_without_a_model stop ();
endmodule
