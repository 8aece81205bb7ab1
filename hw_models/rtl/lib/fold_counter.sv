// Counts the beats of a pixel: 0 … FOLDS - 1, and again.
//
//   clk   in,  1     clock
//   rst   in,  1     reset, synchronous
//   step  in,  1     a beat happens
//   fold  out, BITS  which one is next
module bf_fold_counter #(
    parameter int FOLDS = 4,
    parameter int BITS = FOLDS > 1 ? $clog2(FOLDS) : 1
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            step,
    output wire [BITS-1:0] fold
);
  if (FOLDS == 1) begin : gen_one
    assign fold = 1'b0;
  end else begin : gen_count
    reg [BITS-1:0] count;
    assign fold = count;
    always_ff @(posedge clk) begin
      if (rst) count <= '0;
      else if (step) count <= count == BITS'(FOLDS - 1) ? '0 : count + 1'b1;
    end
  end
endmodule
