// Left shift by k - OFFSET: logarithmic stages for the low FINE bits of k, then one gated term for
// each value of the others, so that terms that do not overlap share a LUT.
//
//   x  in,  X_BITS              value; two's complement if SIGNED, which needs FINE = K_BITS
//   k  in,  K_BITS              OFFSET … OFFSET + RANGE
//   y  out, X_BITS + RANGE      x * 2^(k - OFFSET)
module bf_shift #(
    parameter int X_BITS = 8,
    parameter bit SIGNED = 0,
    parameter int K_BITS = 5,
    parameter int OFFSET = 2,
    parameter int RANGE = 28,
    parameter int FINE = 3
) (
    input  wire [      X_BITS-1:0] x,
    input  wire [      K_BITS-1:0] k,
    output wire [X_BITS+RANGE-1:0] y
);
  localparam int STEP = 1 << FINE;
  localparam int Z_BITS = X_BITS + STEP - 1;
  localparam int GROUPS = ((OFFSET + RANGE) >> FINE) + 1;

  wire [Z_BITS-1:0] stage[FINE+1];
  assign stage[0] = {{(STEP - 1) {SIGNED & x[X_BITS-1]}}, x};
  for (genvar i = 0; i < FINE; i++) begin : gen_fine
    assign stage[i+1] = k[i] ? stage[i] << (1 << i) : stage[i];
  end

  wire [GROUPS-1:0] hit;
  for (genvar j = 0; j < GROUPS; j++) begin : gen_hit
    if (GROUPS == 1) assign hit[j] = 1'b1;
    else assign hit[j] = k[K_BITS-1:FINE] == j;
  end

  for (genvar i = 0; i < X_BITS + RANGE; i++) begin : gen_bit
    wire [GROUPS-1:0] term;
    for (genvar j = 0; j < GROUPS; j++) begin : gen_term
      localparam int FROM = i + OFFSET - j * STEP;
      if (FROM >= 0 && FROM < Z_BITS) assign term[j] = hit[j] & stage[FINE][FROM];
      else assign term[j] = 1'b0;
    end
    assign y[i] = |term;
  end
endmodule
