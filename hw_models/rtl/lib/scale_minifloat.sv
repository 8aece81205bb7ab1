// Code of a point on a minifloat's line, in units of half the least step: rounded half up.
//
// The magnitude (complemented below 0, so that marks are symmetric) is shifted left until its top
// bit is set, which gives the exponent; the bit below the mantissa decides the rounding. A point
// just above a mark may be there too early by some steps of its sum. Then the low bits of the sum,
// compared with those of the first sum that belongs there, decide.
//
//   clk      in,  1      clock
//   advance  in,  1      move on
//   point    in,  BITS   two's complement, SHIFT bits below the unit
//   x        in,  FIRST  low bits of the sum with its offset
//   address  out, CODE   sign and lesser magnitude beside the point, four clock edges later
//   first    in,  FIRST  low bits of the first x at their mark, READ clock edges after the address
//   code     out, CODE   two clock edges after first, which is registered: blocks are slow
//
// READ is what the bf_rom of first sums takes. Names count edges as if that were 1.
//
// LOWEST and HIGHEST are limits, as magnitudes, complemented where negative; LOWEST_CODE and
// HIGHEST_CODE are the codes there.
module bf_scale_minifloat #(
    parameter int BITS = 62,
    parameter int SHIFT = 31,
    parameter int WINDOW = 28,
    parameter int FIRST = 7,
    parameter int READ = 1,
    parameter int EXP = 4,
    parameter int MAN = 3,
    parameter bit SIGNED = 1,
    parameter int LOWEST = -128,
    parameter int HIGHEST = 127,
    parameter int LOWEST_CODE = 255,
    parameter int HIGHEST_CODE = 127,
    parameter int CODE = int'(SIGNED) + EXP + MAN
) (
    input  wire             clk,
    input  wire             advance,
    input  wire [ BITS-1:0] point,
    input  wire [FIRST-1:0] x,
    output wire [ CODE-1:0] address,
    input  wire [FIRST-1:0] first,
    output wire [ CODE-1:0] code
);
  localparam int MARK = MAN + (1 << EXP);  // bits of the greatest value
  localparam int WHOLE = BITS - SHIFT > MARK ? BITS - SHIFT : MARK + 1;
  localparam int BELOW = (1 << EXP) - 2;  // bits below the one that decides
  localparam int COARSE = EXP / 2;  // lowest stage in front of the register
  localparam int WAIT = READ + 1;  // clock edges from an address to what is compared

  // saturate; complement below 0
  reg [BITS-1:0] point1;
  reg [(WAIT+4)*FIRST-1:0] sums;
  reg [FIRST-1:0] first6;
  reg [MARK-1:0] magnitude2;
  reg sign2, sign3, sign4, sign7, near2, near3, near4;
  wire signed [WHOLE-1:0] whole1 = $signed(point1) >>> SHIFT;
  wire [SHIFT-1:0] fraction1 = point1[SHIFT-1:0];
  wire sign1 = whole1[WHOLE-1];
  wire is_beyond = whole1[WHOLE-1:MARK] != {(WHOLE - MARK) {sign1}};

  // shift left by the exponent's complement; what comes in is 0, or 1 in a complement
  wire [MARK-1:0] value[EXP+1];
  reg [MARK-1:0] value3;
  wire [EXP-1:0] zeros, all_zeros;
  reg [EXP-1:0] zeros3;
  assign value[EXP] = magnitude2;
  for (genvar i = EXP - 1; i >= 0; i--) begin : gen_stage
    localparam int STEP = 1 << i;
    wire [MARK-1:0] v = i == COARSE - 1 ? value3 : value[i+1];
    wire fill = i < COARSE ? sign3 : sign2;
    wire go;
    assign zeros[i] = ~|v[MARK-1-:STEP];
    assign all_zeros[i] = i < COARSE ? zeros[i] : zeros3[i];
    if (i > 0) assign go = zeros[i];
    else if (EXP > 1) assign go = zeros[0] && !(&all_zeros[EXP-1:1]);  // subnormals stay
    else assign go = 1'b0;
    wire [MARK+STEP-1:0] moved = {v, {STEP{fill}}};
    assign value[i] = go ? moved[MARK-1:0] : v;
  end
  wire [MARK-1:0] shifted3 = COARSE == 0 ? value3 : value[0];

  // exponent field, mantissa, and the bit that decides
  wire [EXP+MAN:0] kept3 = {~all_zeros, shifted3[MARK-2:BELOW]};
  wire is_mark3;
  if (BELOW > 0) begin : gen_below
    assign is_mark3 = kept3[0] != sign3 && shifted3[BELOW-1:0] == {BELOW{sign3}};
  end else begin : gen_none
    assign is_mark3 = kept3[0] != sign3;
  end
  reg [EXP+MAN:0] kept4, magnitude7;
  reg [WAIT*(EXP+MAN+3)-1:0] marks;  // while their first sums are read
  wire [EXP+MAN:0] kept6;
  wire sign6, near6;
  assign {sign6, near6, kept6} = marks[(WAIT-1)*(EXP+MAN+3)+:EXP+MAN+3];
  wire [FIRST-1:0] x6 = sums[(WAIT+3)*FIRST+:FIRST];
  wire [FIRST-1:0] ahead6 = x6 - first6;  // negative before the first one
  wire up6 = near6 ? ahead6[FIRST-1] == sign6 : kept6[0];

  wire [EXP+MAN:0] placed4 = {sign4, kept4[EXP+MAN:1]};
  assign address = placed4[CODE-1:0];

  always_ff @(posedge clk) begin
    if (advance) begin
      point1 <= point;
      sums <= {sums, x};
      {sign2, sign3, sign4, sign7} <= {sign1, sign2, sign3, sign6};
      magnitude2 <= is_beyond ? '1 : whole1[MARK-1:0] ^ {MARK{sign1}};
      near2 <= fraction1 >> WINDOW == 0;
      value3 <= value[COARSE];
      zeros3 <= zeros;
      near3 <= near2;
      kept4 <= kept3;
      near4 <= near3 && is_mark3;
      marks <= {marks, sign4, near4, kept4};
      first6 <= first;
      magnitude7 <= kept6[EXP+MAN:1] + up6;
    end
  end

  // limits; no code is -0
  wire signed [EXP+MAN+1:0] turned7 = {1'b0, magnitude7} ^ {(EXP + MAN + 2) {sign7}};
  wire [EXP+MAN:0] within7 = {sign7 && |magnitude7, magnitude7[EXP+MAN-1:0]};
  assign code = turned7 < LOWEST ? CODE'(LOWEST_CODE)
              : turned7 > HIGHEST ? CODE'(HIGHEST_CODE) : within7[CODE-1:0];
endmodule
