// Multiplier of a DSP block on ECP5; parameters and ports as in dsp_plain.sv, at most 18 x 18 bits.
//
// The block has no subtractor in front, so that w - sub takes a chain of carry cells. Its registers
// are its own.
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
  wire [35:0] product;
  wire [17:0] a_wide = {{18{A_SIGNED & a[A_BITS-1]}}, a};
  wire [17:0] x_wide = {{18{W_SIGNED & x[W_BITS-1]}}, x};
  assign p = product[A_BITS+W_BITS-1:0];

  // Clocks are chosen by words, which must stay literals.
  if (REGISTERS == 0) begin : gen_wires
    bf_dsp_ecp5 #(
        .IN_CLK ("NONE"),
        .OUT_CLK("NONE"),
        .A_SIGNED(A_SIGNED),
        .B_SIGNED(W_SIGNED)
    ) block (
        .clk(clk),
        .a(a_wide),
        .b(x_wide),
        .p(product)
    );
  end else if (REGISTERS == 1) begin : gen_behind
    bf_dsp_ecp5 #(
        .IN_CLK ("NONE"),
        .OUT_CLK("CLK0"),
        .A_SIGNED(A_SIGNED),
        .B_SIGNED(W_SIGNED)
    ) block (
        .clk(clk),
        .a(a_wide),
        .b(x_wide),
        .p(product)
    );
  end else begin : gen_both
    bf_dsp_ecp5 #(
        .IN_CLK ("CLK0"),
        .OUT_CLK("CLK0"),
        .A_SIGNED(A_SIGNED),
        .B_SIGNED(W_SIGNED)
    ) block (
        .clk(clk),
        .a(a_wide),
        .b(x_wide),
        .p(product)
    );
  end
endmodule

// MULT18X18D with vectors for ports: p = a * b.
//
//   clk  in,  1   clock of the registers, which are there where a clock is named
//   a    in,  18  two's complement if A_SIGNED
//   b    in,  18  two's complement if B_SIGNED
//   p    out, 36
module bf_dsp_ecp5 #(
    parameter IN_CLK = "NONE",
    parameter OUT_CLK = "NONE",
    parameter bit A_SIGNED = 1,
    parameter bit B_SIGNED = 1
) (
    input  wire        clk,
    input  wire [17:0] a,
    input  wire [17:0] b,
    output wire [35:0] p
);
  MULT18X18D #(
      .REG_INPUTA_CLK(IN_CLK),
      .REG_INPUTB_CLK(IN_CLK),
      .REG_OUTPUT_CLK(OUT_CLK)
  ) multiply (
      .A0(a[0]), .A1(a[1]), .A2(a[2]), .A3(a[3]), .A4(a[4]), .A5(a[5]),
      .A6(a[6]), .A7(a[7]), .A8(a[8]), .A9(a[9]), .A10(a[10]), .A11(a[11]),
      .A12(a[12]), .A13(a[13]), .A14(a[14]), .A15(a[15]), .A16(a[16]), .A17(a[17]),
      .B0(b[0]), .B1(b[1]), .B2(b[2]), .B3(b[3]), .B4(b[4]), .B5(b[5]),
      .B6(b[6]), .B7(b[7]), .B8(b[8]), .B9(b[9]), .B10(b[10]), .B11(b[11]),
      .B12(b[12]), .B13(b[13]), .B14(b[14]), .B15(b[15]), .B16(b[16]), .B17(b[17]),
      .P0(p[0]), .P1(p[1]), .P2(p[2]), .P3(p[3]), .P4(p[4]), .P5(p[5]),
      .P6(p[6]), .P7(p[7]), .P8(p[8]), .P9(p[9]), .P10(p[10]), .P11(p[11]),
      .P12(p[12]), .P13(p[13]), .P14(p[14]), .P15(p[15]), .P16(p[16]), .P17(p[17]),
      .P18(p[18]), .P19(p[19]), .P20(p[20]), .P21(p[21]), .P22(p[22]), .P23(p[23]),
      .P24(p[24]), .P25(p[25]), .P26(p[26]), .P27(p[27]), .P28(p[28]), .P29(p[29]),
      .P30(p[30]), .P31(p[31]), .P32(p[32]), .P33(p[33]), .P34(p[34]), .P35(p[35]),
      .C0(1'b0), .C1(1'b0), .C2(1'b0), .C3(1'b0), .C4(1'b0), .C5(1'b0),
      .C6(1'b0), .C7(1'b0), .C8(1'b0), .C9(1'b0), .C10(1'b0), .C11(1'b0),
      .C12(1'b0), .C13(1'b0), .C14(1'b0), .C15(1'b0), .C16(1'b0), .C17(1'b0),
      .SIGNEDA(A_SIGNED), .SIGNEDB(B_SIGNED), .SOURCEA(1'b0), .SOURCEB(1'b0),
      .CLK0(clk), .CLK1(1'b0), .CLK2(1'b0), .CLK3(1'b0),
      .CE0(1'b1), .CE1(1'b1), .CE2(1'b1), .CE3(1'b1),
      .RST0(1'b0), .RST1(1'b0), .RST2(1'b0), .RST3(1'b0)
  );
endmodule
