// What sums are in the ring of threshold.sv, for all lanes at once.
//
// A sum enters the first stage whenever the last one does not come round. Sums leave in the order
// in which they came. The ring of a comparator behind another one is always free in time, for it
// has no more passes.
//
//   clk       in,  1          clock
//   rst       in,  1          reset, synchronous
//   advance   in,  1          all stages move on
//   in_valid  in,  1          a sum is there
//   in_fold   in,  FOLD_BITS  which of its lane's channels it is of
//   last      in,  1          the sum in the last stage is on its last pass
//   enter     out, 1          the sum enters when the stages move on
//   fold      out, FOLD_BITS  of the sum in the first stage
//   leave     out, 1          the sum in the last stage leaves when the stages move on
//   out_fold  out, FOLD_BITS  of the sum in the last stage
module bf_threshold_control #(
    parameter int FOLD_BITS = 1
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 advance,
    input  wire                 in_valid,
    input  wire [FOLD_BITS-1:0] in_fold,
    input  wire                 last,
    output wire                 enter,
    output wire [FOLD_BITS-1:0] fold,
    output wire                 leave,
    output wire [FOLD_BITS-1:0] out_fold
);
  reg valid1, valid2, valid3;
  reg [FOLD_BITS-1:0] fold1, fold2, fold3;

  assign enter = last || !valid3;
  assign leave = last && valid3;
  assign fold = fold1;
  assign out_fold = fold3;

  always_ff @(posedge clk) begin
    if (rst) begin
      valid1 <= 1'b0;
      valid2 <= 1'b0;
      valid3 <= 1'b0;
    end else if (advance) begin
      valid1 <= in_valid || !enter;
      valid2 <= valid1;
      valid3 <= valid2;
    end
    if (advance) begin
      fold1 <= enter ? in_fold : fold3;
      fold2 <= fold1;
      fold3 <= fold2;
    end
  end
endmodule
