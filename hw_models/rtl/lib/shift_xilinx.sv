// Left shift by k - OFFSET on Xilinx: logarithmic stages, two multiplexers to a LUT6_2.
//
//   x  in,  X_BITS          value; two's complement if SIGNED
//   k  in,  K_BITS          OFFSET … OFFSET + RANGE
//   y  out, X_BITS + RANGE  x * 2^(k - OFFSET)
//
// FINE is for other styles.
module bf_shift #(
    parameter int X_BITS = 8,
    parameter bit SIGNED = 0,
    parameter int K_BITS = 4,
    parameter int OFFSET = 0,
    parameter int RANGE = 15,
    parameter int FINE = K_BITS
) (
    input  wire [      X_BITS-1:0] x,
    input  wire [      K_BITS-1:0] k,
    output wire [X_BITS+RANGE-1:0] y
);
  localparam int Z_BITS = X_BITS + RANGE + OFFSET;
  localparam logic [63:0] I0 = 64'hAAAAAAAAAAAAAAAA, I1 = 64'hCCCCCCCCCCCCCCCC;
  localparam logic [63:0] I2 = 64'hF0F0F0F0F0F0F0F0, I3 = 64'hFF00FF00FF00FF00;
  localparam logic [63:0] I4 = 64'hFFFF0000FFFF0000, I5 = 64'hFFFFFFFF00000000;
  localparam logic [63:0] PAIR = (I5 & ((I4 & I1) | (~I4 & I0))) | (~I5 & ((I4 & I3) | (~I4 & I2)));

  wire [(K_BITS+1)*Z_BITS-1:0] stage;  // the value after 0 … K_BITS stages, side by side
  wire fill = SIGNED & x[X_BITS-1];
  assign stage[Z_BITS-1:0] = {{(Z_BITS - X_BITS) {fill}}, x};
  assign y = stage[K_BITS*Z_BITS+OFFSET+:X_BITS+RANGE];

  for (genvar i = 0; i < K_BITS; i++) begin : gen_stage
    localparam int STEP = 1 << i;
    localparam int REACH = X_BITS + 2 * STEP - 1;  // bits that can differ from the sign
    localparam int BITS = REACH < Z_BITS ? REACH : Z_BITS;
    wire [Z_BITS-1:0] from = stage[i*Z_BITS+:Z_BITS];
    wire [Z_BITS-1:0] to;
    assign stage[(i+1)*Z_BITS+:Z_BITS] = to;
    if (BITS < Z_BITS) assign to[Z_BITS-1:BITS] = {(Z_BITS - BITS) {fill}};
    for (genvar j = 0; j < BITS; j += 2) begin : gen_pair
      wire second;
      LUT6_2 #(
          .INIT(PAIR)
      ) pair (
          .I0(from[j]),
          .I1(j < STEP ? 1'b0 : from[j<STEP?0 : j-STEP]),
          .I2(j + 1 < BITS ? from[j+1<BITS?j+1 : 0] : 1'b0),
          .I3(j + 1 < STEP || j + 1 >= BITS ? 1'b0 : from[j+1<STEP?0 : j+1-STEP]),
          .I4(k[i]),
          .I5(1'b1),
          .O6(to[j]),
          .O5(second)
      );
      if (j + 1 < BITS) assign to[j+1] = second;
    end
  end
endmodule
