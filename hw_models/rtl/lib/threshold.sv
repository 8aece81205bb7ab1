// One comparator of a bisection: finds STEPS bits of the position of a sum among its thresholds.
//
// A ring of three stages: read a threshold, register it, compare. Up to three sums are on their way; each goes round STEPS times, and every pass finds one bit. The bits
// found here stand behind a 1 that starts at the right: together they are the place of the next
// threshold in a heap, and the 1 has come to the left on the last pass. Valid bits and folds are in
// threshold_control.sv, common to all lanes.
//
//   clk        in,  1               clock
//   advance    in,  1               all stages move on
//   enter      in,  1               a new sum enters; else the last stage comes round
//   fold       in,  FOLD_BITS       which of the lane's channels the sum in the first stage is of
//   in_sum     in,  BITS            two's complement
//   in_found   in,  BEFORE_BITS     bits found by the comparators before
//   last       out, 1               the sum in the last stage is on its last pass
//   out_sum    out, BITS            the sum in the last stage
//   out_found  out, BEFORE + STEPS  all bits found; complete on the last pass
module bf_threshold #(
    parameter int BITS = 16,
    parameter int BEFORE = 0,
    parameter int BEFORE_BITS = BEFORE > 0 ? BEFORE : 1,
    parameter int STEPS = 4,
    parameter int FOLDS = 1,
    parameter int FOLD_BITS = FOLDS > 1 ? $clog2(FOLDS) : 1,
    parameter MEMORY = "",
    parameter STYLE = "logic"
) (
    input  wire                    clk,
    input  wire                    advance,
    input  wire                    enter,
    input  wire [   FOLD_BITS-1:0] fold,
    input  wire [        BITS-1:0] in_sum,
    input  wire [ BEFORE_BITS-1:0] in_found,
    output wire                    last,
    output wire [        BITS-1:0] out_sum,
    output wire [BEFORE+STEPS-1:0] out_found
);
  localparam int FOUND = BEFORE + STEPS;
  localparam int SKIP = STEPS > 1 ? 0 : 1;  // a heap of one threshold takes no address bit
  localparam int DEPTH = FOLDS << (FOUND - SKIP);
  localparam int ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1;

  reg [BITS-1:0] sum1, sum2, sum3;
  reg [FOUND-1:0] found1, found2, found3;
  reg [BITS-1:0] threshold3;

  wire [FOLD_BITS+FOUND-1:0] address = {fold, found1} >> SKIP;
  wire [BITS-1:0] threshold2;
  bf_table #(
      .DEPTH(DEPTH),
      .BITS(BITS),
      .MEMORY(MEMORY),
      .STYLE(STYLE)
  ) thresholds (
      .clk(clk),
      .en(advance),
      .address(address[ADDRESS-1:0]),
      .data(threshold2)
  );

  // above where threshold - sum is negative: smaller on ecp5 than a comparison
  wire [BITS:0] below = {threshold3[BITS-1], threshold3} - {sum3[BITS-1], sum3};
  wire is_above = below[BITS];
  assign last = STEPS == 1 || found3[STEPS-1];
  assign out_sum = sum3;
  wire [FOUND:0] shifted = {found3, is_above};
  assign out_found[STEPS-1:0] = shifted[STEPS-1:0];
  wire [FOUND-1:0] entering;
  assign entering[STEPS-1:0] = 1;
  if (BEFORE > 0) begin : gen_before
    assign out_found[FOUND-1:STEPS] = found3[FOUND-1:STEPS];
    assign entering[FOUND-1:STEPS] = in_found;
  end

  always_ff @(posedge clk) begin
    if (advance) begin
      sum1 <= enter ? in_sum : sum3;
      found1 <= enter ? entering : out_found;
      sum2 <= sum1;
      found2 <= found1;
      sum3 <= sum2;
      found3 <= found2;
      threshold3 <= threshold2;
    end
  end
endmodule
