// Exact product of two integers, portable: W_BITS - 1 rows of adders, each adding one partial
// product to the running sum. Written row by row because `a * w` becomes a carry-save tree, which
// leaves the carry logic of an FPGA unused.
//
// Signed operands as in multiply_ecp5.sv: inverted partial products and two constants.
//
//   clk  in,  1       clock, used if REGISTERS > 0
//   a    in,  A_BITS  multiplicand: two's complement if A_SIGNED; if A_TOP_N its top bit is inverted
//   w    in,  W_BITS  multiplier, likewise
//   p    out, P_BITS  product, modulo 2^P_BITS; two's complement if either operand is; after
//                     REGISTERS clock edges, with as many rows between them everywhere
module bf_multiply #(
    parameter int A_BITS = 8,
    parameter int W_BITS = 8,
    parameter bit A_SIGNED = 1,
    parameter bit W_SIGNED = 1,
    parameter bit A_TOP_N = 0,
    parameter bit W_TOP_N = 0,
    parameter int P_BITS = A_BITS + W_BITS,
    parameter int REGISTERS = 0
) (
    input  wire              clk,
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [P_BITS-1:0] p
);
  localparam int FULL = A_BITS + W_BITS;
  localparam int ROWS = W_BITS - 1;
  wire [A_BITS-1:0] x = a ^ (A_BITS'(A_TOP_N) << (A_BITS - 1));
  wire [W_BITS-1:0] y = w ^ (W_BITS'(W_TOP_N) << (W_BITS - 1));
  wire [FULL-1:0] full;
  assign p = full[P_BITS-1:0];

  if (A_BITS == 1 || W_BITS == 1) begin : gen_small
    wire [FULL-1:0] x_wide = {{W_BITS{A_SIGNED & x[A_BITS-1]}}, x};
    wire [FULL-1:0] y_wide = {{A_BITS{W_SIGNED & y[W_BITS-1]}}, y};
    bf_delay #(
        .BITS(FULL),
        .STAGES(REGISTERS)
    ) register (
        .clk(clk),
        .x(x_wide * y_wide),
        .y(full)
    );
  end else begin : gen_rows
    // Row r finds the sum of the rows before it without its final bits, the multiplicand, and the
    // multiplier, in which the bits used up have made way for the final bits of the sum.
    wire [A_BITS-1:0] running[W_BITS+1];
    wire [A_BITS-1:0] multiplicand[W_BITS+1];
    wire [W_BITS-1:0] rest[W_BITS+1];
    assign running[0] = '0;
    assign multiplicand[0] = x;
    assign rest[0] = y;
    for (genvar r = 0; r < W_BITS; r++) begin : gen_row
      localparam bit LAST = W_SIGNED && r == ROWS;
      localparam bit TOP = A_SIGNED && r > 0;
      // The rows with an adder, 1 … ROWS, are dealt out evenly.
      localparam bit CUT = r > 0 && r < ROWS
          && (r - 1) * (REGISTERS + 1) / ROWS != r * (REGISTERS + 1) / ROWS;
      wire [A_BITS-1:0] flip = {TOP ^ LAST, {(A_BITS - 1) {LAST}}};
      wire [A_BITS-1:0] term = flip ^ (multiplicand[r] & {A_BITS{rest[r][r]}});
      wire [A_BITS:0] sum;
      wire [W_BITS-1:0] rest_next;
      if (r == 0) begin : gen_first
        // An inverted top bit needs +1 at its own place: 1 + ~t is ~t, carried up, beside t.
        assign sum = {A_SIGNED & ~term[A_BITS-1], term};
      end else if (LAST) begin : gen_carry
        wire unused;
        assign {sum, unused} = {1'b0, running[r], 1'b1} + {1'b0, term, 1'b1};
      end else begin : gen_add
        assign sum = {1'b0, running[r]} + {1'b0, term};
      end
      for (genvar i = 0; i < W_BITS; i++) begin : gen_rest
        assign rest_next[i] = i == r ? sum[0] : rest[r][i];
      end
      bf_delay #(
          .BITS(2 * A_BITS + W_BITS),
          .STAGES(CUT ? 1 : 0)
      ) register (
          .clk(clk),
          .x({sum[A_BITS:1], multiplicand[r], rest_next}),
          .y({running[r+1], multiplicand[r+1], rest[r+1]})
      );
    end
    assign full[FULL-2:0] = {running[W_BITS][A_BITS-2:0], rest[W_BITS]};
    assign full[FULL-1] = running[W_BITS][A_BITS-1] ^ (A_SIGNED || W_SIGNED);
  end
endmodule
