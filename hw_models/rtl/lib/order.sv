// Bit pattern of a code from its place in the order of values, or the place from the pattern.
//
// Integers only turn their sign bit over; codes with a sign beside the magnitude also complement
// the magnitude of negative ones. Places are unsigned.
//
//   x  in,  BITS  place; pattern if TO_PLACE
//   y  out, BITS  pattern; place if TO_PLACE
module bf_order #(
    parameter int BITS = 8,
    parameter bit SIGNED = 1,
    parameter bit SIGN_BESIDE = 0,
    parameter bit TO_PLACE = 0
) (
    input  wire [BITS-1:0] x,
    output wire [BITS-1:0] y
);
  wire is_negative = SIGNED && (x[BITS-1] == TO_PLACE);
  assign y[BITS-1] = x[BITS-1] ^ SIGNED;
  if (BITS > 1) begin : gen_magnitude
    assign y[BITS-2:0] = x[BITS-2:0] ^ {(BITS - 1) {SIGN_BESIDE && is_negative}};
  end
endmodule
