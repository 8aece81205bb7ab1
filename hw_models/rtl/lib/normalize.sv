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
    wire room;
    if (!BOUNDED) assign room = 1'b1;
    else if (i < R_BITS) assign room = |exponent[i+1][R_BITS-1:i];
    else assign room = 1'b0;
    wire go = room & ~|value[i+1][BITS-1-:LOOK];

    for (genvar j = 0; j < BITS; j++) begin : gen_value
      if (j < STEP) assign value[i][j] = go ? fill : value[i+1][j];
      else assign value[i][j] = go ? value[i+1][j-STEP] : value[i+1][j];
    end
    for (genvar j = 0; j < R_BITS; j++) begin : gen_exponent
      if (j < i) assign exponent[i][j] = exponent[i+1][j];
      else if (j == i) assign exponent[i][j] = exponent[i+1][j] ^ go;
      else assign exponent[i][j] = exponent[i+1][j] ^ (go & ~|exponent[i+1][j-1:i]);
    end
  end
endmodule
