// Stands in for the adder tree of FINN's matrix unit: neither Verilator 5.48 nor Yosys 0.70 takes the
// constant function that FINN's own declares in a generate block. The sum is the same, and as late;
// all registers follow the adders.
//
//   clk  in,  1
//   rst  in,  1          synchronous
//   en   in,  1          the stages that lie inside the tree advance
//   arg  in,  N words    addends; two's complement if ARG_LO < 0
//   sum  out, SUM_WIDTH  their sum, DEPTH clock edges later
module add_multi
  import mvu_pkg::*;
#(
    parameter int unsigned N = 2,
    parameter int unsigned DEPTH = 1,
    parameter int unsigned ARG_WIDTH = 8,
    parameter int ARG_LO = 0,
    parameter int ARG_HI = 0,
    parameter bit RESET_ZERO = 1,
    localparam int unsigned SUM_WIDTH = sumwidth(N, ARG_WIDTH, ARG_LO, ARG_HI)
) (
    input  logic                 clk,
    input  logic                 rst,
    input  logic                 en,
    input  logic [ARG_WIDTH-1:0] arg[N],
    output logic [SUM_WIDTH-1:0] sum
);
  localparam int unsigned LEVELS = $clog2(N);
  localparam int unsigned INSIDE = LEVELS < DEPTH ? LEVELS : DEPTH;

  logic [SUM_WIDTH-1:0] total;
  always_comb begin
    total = '0;
    for (int i = 0; i < N; i++)
      if (ARG_LO < 0) total = total + SUM_WIDTH'($signed(arg[i]));
      else total = total + SUM_WIDTH'(arg[i]);
  end

  logic [SUM_WIDTH-1:0] stages[DEPTH+1];
  assign stages[0] = total;
  for (genvar i = 0; i < DEPTH; i++) begin : gen_stage
    always_ff @(posedge clk)
      if (rst) stages[i+1] <= '0;
      else if (en || i >= INSIDE) stages[i+1] <= stages[i];
  end
  assign sum = stages[DEPTH];
endmodule
