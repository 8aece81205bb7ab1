// Place of a scaled sum, and whether the sum is the first there.
//
//   clk      in,  1       clock
//   advance  in,  1       move on
//   scaled   in,  BITS    two's complement: the place, and SHIFT bits below it
//   scale    in,  SCALE   by which a step of the sum is scaled
//   place    out, PLACE   within 0 … GREATEST, one clock edge later
//   first    out, 1       the sum below has another place, and this one is not limited
module bf_scale_place #(
    parameter int BITS = 44,
    parameter int SHIFT = 30,
    parameter int SCALE = 20,
    parameter int PLACE = 8,
    parameter int GREATEST = 255
) (
    input  wire             clk,
    input  wire             advance,
    input  wire [ BITS-1:0] scaled,
    input  wire [SCALE-1:0] scale,
    output reg  [PLACE-1:0] place,
    output reg              first
);
  localparam int WHOLE = BITS - SHIFT;
  wire signed [WHOLE-1:0] whole = scaled[BITS-1:SHIFT];
  wire is_below = whole[WHOLE-1];
  wire is_above = whole > GREATEST;
  always_ff @(posedge clk) begin
    if (advance) begin
      place <= is_below ? '0 : is_above ? GREATEST : whole;
      first <= !is_below && !is_above && scaled[SHIFT-1:0] < scale;
    end
  end
endmodule
