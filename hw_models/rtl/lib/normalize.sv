// Left shift that removes leading zeros, stage by stage, and lowers an exponent by as much.
//
// Each stage looks at the bits above its own step, so no count of zeros is needed; the exponent
// loses the stage's power of two by flipping bits.
//
//   x         in,  BITS    value
//   fill      in,  1       what is shifted in
//   r         in,  R_BITS  exponent; not below 0 if BOUNDED
//   y         out, BITS    x shifted left by n: its top bit is set, or n = 2^STAGES - 1, or BOUNDED
//                          and n = r
//   r_left    out, R_BITS  r - n
module bf_normalize #(
    parameter int BITS = 14,
    parameter int STAGES = 4,
    parameter int R_BITS = 5,
    parameter bit BOUNDED = 0
) (
    input  wire [  BITS-1:0] x,
    input  wire              fill,
    input  wire [R_BITS-1:0] r,
    output wire [  BITS-1:0] y,
    output wire [R_BITS-1:0] r_left
);
  wire [  BITS-1:0] value[STAGES+1];
  wire [R_BITS-1:0] exponent[STAGES+1];
  assign value[STAGES] = x;
  assign exponent[STAGES] = r;
  assign y = value[0];
  assign r_left = exponent[0];

  for (genvar i = STAGES - 1; i >= 0; i--) begin : gen_stage
    localparam int STEP = 1 << i;
    localparam int LOOK = STEP < BITS ? STEP : BITS;
    wire [  BITS-1:0] v = value[i+1];
    wire [R_BITS-1:0] e = exponent[i+1];
    wire room;
    if (!BOUNDED) assign room = 1'b1;
    else if (i < R_BITS) assign room = |e[R_BITS-1:i];
    else assign room = 1'b0;
    wire go = room & ~|v[BITS-1-:LOOK];

    wire [BITS+STEP-1:0] moved = {v, {STEP{fill}}};
    assign value[i] = go ? moved[BITS-1:0] : v;

    wire [R_BITS-1:0] flip;
    for (genvar j = 0; j < R_BITS; j++) begin : gen_flip
      if (j < i) assign flip[j] = 1'b0;
      else if (j == i) assign flip[j] = go;
      else assign flip[j] = go & ~|e[j-1:i];
    end
    assign exponent[i] = e ^ flip;
  end
endmodule
