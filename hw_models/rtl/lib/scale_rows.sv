// Serial multiplication by an unsigned number: STEPS rows of shift and add, one a clock edge.
//
// {total, factor} holds the sum so far and, below, first the bits of the factor that are still to
// be multiplied, then those of the product that are done: each step adds x if the lowest bit is
// set, and shifts right.
//
//   clk         in,  1       clock
//   advance     in,  1       move on
//   load        in,  1       take new operands; else do a step
//   in_x        in,  X       two's complement
//   in_total    in,  TOTAL   two's complement
//   in_factor   in,  FACTOR
//   x           out, X
//   out_total   out, TOTAL   after this step
//   out_factor  out, FACTOR
module bf_scale_rows #(
    parameter int X = 18,
    parameter int TOTAL = 22,
    parameter int FACTOR = 20
) (
    input  wire              clk,
    input  wire              advance,
    input  wire              load,
    input  wire [     X-1:0] in_x,
    input  wire [ TOTAL-1:0] in_total,
    input  wire [FACTOR-1:0] in_factor,
    output reg  [     X-1:0] x,
    output wire [ TOTAL-1:0] out_total,
    output wire [FACTOR-1:0] out_factor
);
  reg [TOTAL-1:0] total;
  reg [FACTOR-1:0] factor;
  wire [TOTAL-1:0] term = {{(TOTAL - X) {x[X-1]}}, x};
  wire [TOTAL-1:0] sum;
  bf_gated_add #(
      .BITS(TOTAL)
  ) row (
      .x(total),
      .y(term),
      .gate(factor[0]),
      .sum(sum)
  );
  assign out_total = {sum[TOTAL-1], sum[TOTAL-1:1]};
  assign out_factor = {sum[0], factor[FACTOR-1:1]};
  always_ff @(posedge clk) begin
    if (advance) begin
      total <= load ? in_total : out_total;
      factor <= load ? in_factor : out_factor;
      if (load) x <= in_x;
    end
  end
endmodule
