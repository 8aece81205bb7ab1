// What sum is in scale_rows.sv, for all lanes at once: it stays for STEPS steps.
//
//   clk       in,  1          clock
//   rst       in,  1          reset, synchronous
//   advance   in,  1          move on
//   in_valid  in,  1          a sum is there
//   in_fold   in,  FOLD_BITS  which of its lane's channels it is of
//   load      out, 1          it is taken when all moves on
//   leave     out, 1          the sum that is here does its last step
//   fold      out, FOLD_BITS  of the sum that is here
module bf_scale_control #(
    parameter int STEPS = 4,
    parameter int FOLD_BITS = 1
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 advance,
    input  wire                 in_valid,
    input  wire [FOLD_BITS-1:0] in_fold,
    output wire                 load,
    output wire                 leave,
    output reg  [FOLD_BITS-1:0] fold
);
  reg valid;
  wire is_last;
  assign leave = valid && is_last;
  assign load = !valid || is_last;
  always_ff @(posedge clk) begin
    if (rst) valid <= 1'b0;
    else if (advance && load) valid <= in_valid;
    if (advance && load) fold <= in_fold;
  end
  if (STEPS == 1) begin : gen_one
    assign is_last = 1'b1;
  end else begin : gen_count
    reg [$clog2(STEPS)-1:0] step;
    assign is_last = step == STEPS - 1;
    always_ff @(posedge clk) if (advance) step <= load ? '0 : step + 1'b1;
  end
endmodule
