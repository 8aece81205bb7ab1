// What rtl/lib/ecp5_chain.sv computes, for simulators: a sum of two numbers in place of carry cells.
//
// With p = f and generate = ~f & g in every half slice, the chain is the adder of (p | generate)
// and generate: their exclusive or is p, their conjunction generate. Parameters and ports as there.
module bf_ecp5_chain #(
    parameter int N = 2,
    parameter logic [16*N-1:0] TABLES = '0
) (
    input  wire [N-1:0] a,
    input  wire [N-1:0] b,
    input  wire [N-1:0] c,
    input  wire [N-1:0] d,
    output wire [N-1:0] s
);
  // Row k of all tables, side by side.
  wire [16*N-1:0] rows;
  for (genvar k = 0; k < 16; k++) begin : gen_row
    for (genvar i = 0; i < N; i++) begin : gen_bit
      assign rows[k*N+i] = TABLES[16*i+k];
    end
  end

  wire [16*N-1:0] chosen;
  wire [ 4*N-1:0] chosen_low;
  for (genvar k = 0; k < 16; k++) begin : gen_choice
    localparam logic [3:0] K = k;
    wire [N-1:0] low = (K[0] ? a : ~a) & (K[1] ? b : ~b);
    assign chosen[k*N+:N] = rows[k*N+:N] & low & (K[2] ? c : ~c) & (K[3] ? d : ~d);
    if (k < 4) assign chosen_low[k*N+:N] = rows[k*N+:N] & low;
  end
  logic [N-1:0] f, g;
  always_comb begin
    f = '0;
    g = '0;
    for (int k = 0; k < 16; k++) f = f | chosen[k*N+:N];
    for (int k = 0; k < 4; k++) g = g | chosen_low[k*N+:N];
  end
  wire [N-1:0] generates = ~f & g;
  assign s = (f | generates) + generates;
endmodule
