// Code of a point on an integer's line: the marks it has reached, one each unit.
//
// A point just above a mark may be there too early by some steps of its sum. Then the low bits of
// the sum, compared with those of the first sum that belongs there, tell whether it is.
//
//   clk      in,  1      clock
//   advance  in,  1      move on
//   point    in,  BITS   two's complement, SHIFT bits below the unit
//   x        in,  FIRST  low bits of the sum with its offset
//   address  out, CODE   of the mark, two clock edges later
//   first    in,  FIRST  low bits of the first x at that mark, one clock edge after the address
//   code     out, CODE   one clock edge after first
module bf_scale_integer #(
    parameter int BITS = 44,
    parameter int SHIFT = 30,
    parameter int WINDOW = 10,
    parameter int FIRST = 1,
    parameter int CODE = 8,
    parameter bit SIGNED = 1,
    parameter int LOW = 0,
    parameter int STEPS = 255
) (
    input  wire             clk,
    input  wire             advance,
    input  wire [ BITS-1:0] point,
    input  wire [FIRST-1:0] x,
    output wire [ CODE-1:0] address,
    input  wire [FIRST-1:0] first,
    output wire [ CODE-1:0] code
);
  localparam int WHOLE = BITS - SHIFT;

  reg [BITS-1:0] point1;
  wire signed [WHOLE-1:0] whole1 = point1[BITS-1:SHIFT];
  wire [SHIFT-1:0] fraction1 = point1[SHIFT-1:0];
  wire is_below = whole1[WHOLE-1];
  wire is_above = whole1 > STEPS;

  reg [CODE-1:0] place2, place3, place4;
  reg near2, near3, late4;
  reg [FIRST-1:0] x1, x2, x3;
  wire [FIRST-1:0] ahead3 = x3 - first;  // negative before the first one
  assign address = place2;

  always_ff @(posedge clk) begin
    if (advance) begin
      point1 <= point;
      x1 <= x;
      place2 <= is_below ? '0 : is_above ? STEPS : whole1;
      near2 <= !is_below && !is_above && whole1 != 0 && fraction1 >> WINDOW == 0;
      x2 <= x1;
      place3 <= place2;
      near3 <= near2;
      x3 <= x2;
      place4 <= place3;
      late4 <= near3 && ahead3[FIRST-1];
    end
  end

  bf_order #(
      .BITS(CODE),
      .SIGNED(SIGNED),
      .SIGN_BESIDE(1'b0)
  ) order (
      .x(place4 + CODE'(LOW) - late4),
      .y(code)
  );
endmodule
