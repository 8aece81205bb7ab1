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
//   first    in,  FIRST  low bits of the first x at that mark, READ clock edges after the address
//   code     out, CODE   one clock edge after first
//
// READ is what the bf_rom of first sums takes. Names count edges as if that were 1.
module bf_scale_integer #(
    parameter int BITS = 44,
    parameter int SHIFT = 30,
    parameter int WINDOW = 10,
    parameter int FIRST = 1,
    parameter int READ = 1,
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

  reg [CODE-1:0] place2, place4;
  reg near2, late4;
  reg [READ*(CODE+1)-1:0] marks;  // while their first sums are read
  reg [(READ+2)*FIRST-1:0] sums;
  wire [CODE-1:0] place3;
  wire near3;
  assign {near3, place3} = marks[(READ-1)*(CODE+1)+:CODE+1];
  wire [FIRST-1:0] x3 = sums[(READ+1)*FIRST+:FIRST];
  wire [FIRST-1:0] ahead3 = x3 - first;  // negative before the first one
  assign address = place2;

  always_ff @(posedge clk) begin
    if (advance) begin
      point1 <= point;
      sums <= {sums, x};
      place2 <= is_below ? '0 : is_above ? STEPS : whole1;
      near2 <= !is_below && !is_above && whole1 != 0 && fraction1 >> WINDOW == 0;
      marks <= {marks, near2, place2};
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
