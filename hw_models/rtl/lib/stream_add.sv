// Exact sum of two streams of codes: x * 2^X_SHIFT + y * 2^Y_SHIFT in units of their lsb.
//
// A beat is taken when both streams have one. Integers, then sums are registered.
//
//   clk        in,  1                clock
//   rst        in,  1                reset, synchronous
//   in0_data   in,  LANES * X_CODE   codes of the first stream
//   in0_valid  in,  1
//   in0_ready  out, 1
//   in1_data   in,  LANES * Y_CODE   codes of the second stream
//   in1_valid  in,  1
//   in1_ready  out, 1
//   out_data   out, LANES * BITS     sums, two's complement
//   out_valid  out, 1
//   out_ready  in,  1
module bf_stream_add #(
    parameter int LANES = 1,
    parameter int X_CODE = 8,
    parameter int X_EXP = 0,
    parameter bit X_SIGNED = 1,
    parameter int X_BITS = 8,
    parameter int X_SHIFT = 0,
    parameter int Y_CODE = 8,
    parameter int Y_EXP = 0,
    parameter bit Y_SIGNED = 1,
    parameter int Y_BITS = 8,
    parameter int Y_SHIFT = 0,
    parameter int BITS = 9
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire [LANES*X_CODE-1:0] in0_data,
    input  wire                    in0_valid,
    output wire                    in0_ready,
    input  wire [LANES*Y_CODE-1:0] in1_data,
    input  wire                    in1_valid,
    output wire                    in1_ready,
    output wire [  LANES*BITS-1:0] out_data,
    output wire                    out_valid,
    input  wire                    out_ready
);
  reg valid1, valid2;
  reg [LANES*X_BITS-1:0] x1;
  reg [LANES*Y_BITS-1:0] y1;
  reg [LANES*BITS-1:0] sums2;
  wire [LANES*X_BITS-1:0] x0;
  wire [LANES*Y_BITS-1:0] y0;
  wire [LANES*BITS-1:0] sums1;
  wire advance = !valid2 || out_ready;

  assign in0_ready = advance && in1_valid;
  assign in1_ready = advance && in0_valid;
  assign out_valid = valid2;
  assign out_data = sums2;

  for (genvar i = 0; i < LANES; i++) begin : gen_lane
    bf_fixed #(
        .CODE_BITS(X_CODE),
        .EXP(X_EXP),
        .SIGNED(X_SIGNED),
        .BITS(X_BITS)
    ) fixed_x (
        .code(in0_data[i*X_CODE+:X_CODE]),
        .value(x0[i*X_BITS+:X_BITS])
    );
    bf_fixed #(
        .CODE_BITS(Y_CODE),
        .EXP(Y_EXP),
        .SIGNED(Y_SIGNED),
        .BITS(Y_BITS)
    ) fixed_y (
        .code(in1_data[i*Y_CODE+:Y_CODE]),
        .value(y0[i*Y_BITS+:Y_BITS])
    );
    wire [X_BITS-1:0] x = x1[i*X_BITS+:X_BITS];
    wire [Y_BITS-1:0] y = y1[i*Y_BITS+:Y_BITS];
    wire [BITS+X_BITS-1:0] wide_x = {{BITS{X_SIGNED & x[X_BITS-1]}}, x};
    wire [BITS+Y_BITS-1:0] wide_y = {{BITS{Y_SIGNED & y[Y_BITS-1]}}, y};
    assign sums1[i*BITS+:BITS] = (wide_x[BITS-1:0] << X_SHIFT) + (wide_y[BITS-1:0] << Y_SHIFT);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      valid1 <= 1'b0;
      valid2 <= 1'b0;
    end else if (advance) begin
      valid1 <= in0_valid && in1_valid;
      valid2 <= valid1;
    end
    if (advance) begin
      x1 <= x0;
      y1 <= y0;
      sums2 <= sums1;
    end
  end
endmodule
