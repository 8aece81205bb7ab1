// SB_MAC16 as cells of bitfront use it: O = A * B, or the products of the high and of the low bytes,
// with or without registers in front of the multiplier and behind it.
module SB_MAC16 #(
    parameter A_REG = 0, B_REG = 0, C_REG = 0, D_REG = 0,
    parameter TOP_8x8_MULT_REG = 0, BOT_8x8_MULT_REG = 0,
    parameter PIPELINE_16x16_MULT_REG1 = 0, PIPELINE_16x16_MULT_REG2 = 0,
    parameter TOPOUTPUT_SELECT = 0, BOTOUTPUT_SELECT = 0,
    parameter MODE_8x8 = 0, A_SIGNED = 0, B_SIGNED = 0
) (
    input CLK, CE,
    input [15:0] A, B, C, D,
    input AHOLD, BHOLD, CHOLD, DHOLD, IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT,
    input OLOADTOP, OLOADBOT, OHOLDTOP, OHOLDBOT, ADDSUBTOP, ADDSUBBOT, CI, ACCUMCI, SIGNEXTIN,
    output [31:0] O
);
  localparam bit SIGNED_A = A_SIGNED != 0;
  localparam bit SIGNED_B = B_SIGNED != 0;
  reg [15:0] a_late, b_late;
  always @(posedge CLK) {a_late, b_late} <= {A, B};
  wire [15:0] a = A_REG != 0 ? a_late : A;
  wire [15:0] b = B_REG != 0 ? b_late : B;
  wire signed [16:0] a_whole = {SIGNED_A & a[15], a};
  wire signed [16:0] b_whole = {SIGNED_B & b[15], b};
  wire signed [8:0] a_top = {SIGNED_A & a[15], a[15:8]};
  wire signed [8:0] b_top = {SIGNED_B & b[15], b[15:8]};
  wire signed [8:0] a_bottom = {SIGNED_A & a[7], a[7:0]};
  wire signed [8:0] b_bottom = {SIGNED_B & b[7], b[7:0]};
  wire signed [33:0] whole = a_whole * b_whole;
  wire signed [17:0] top = a_top * b_top;
  wire signed [17:0] bottom = a_bottom * b_bottom;
  wire [31:0] products = MODE_8x8 != 0 ? {top[15:0], bottom[15:0]} : whole[31:0];
  reg [31:0] late;
  always @(posedge CLK) late <= products;
  localparam bit IS_LATE = MODE_8x8 != 0 ? TOP_8x8_MULT_REG != 0 : PIPELINE_16x16_MULT_REG2 != 0;
  assign O = IS_LATE ? late : products;
  if (A_REG != B_REG || TOP_8x8_MULT_REG != BOT_8x8_MULT_REG || PIPELINE_16x16_MULT_REG1 != 0
      || TOPOUTPUT_SELECT != (MODE_8x8 != 0 ? 2 : 3) || BOTOUTPUT_SELECT != TOPOUTPUT_SELECT)
    sb_mac16_setting_without_a_model stop ();
endmodule
