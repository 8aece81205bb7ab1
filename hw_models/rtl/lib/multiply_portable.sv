// Exact product of two integers, portable: W_BITS - 1 rows of adders, each adding one partial
// product to the running sum. Written row by row because `a * w` becomes a carry-save tree, which
// leaves the carry logic of an FPGA unused.
//
// Signed operands as in multiply_ecp5.sv: inverted partial products and two constants.
//
//   a  in,  A_BITS  multiplicand: two's complement if A_SIGNED; if A_TOP_N its top bit is inverted
//   w  in,  W_BITS  multiplier, likewise
//   p  out, P_BITS  product, modulo 2^P_BITS; two's complement if either operand is
module bf_multiply #(
    parameter int A_BITS = 8,
    parameter int W_BITS = 8,
    parameter bit A_SIGNED = 1,
    parameter bit W_SIGNED = 1,
    parameter bit A_TOP_N = 0,
    parameter bit W_TOP_N = 0,
    parameter int P_BITS = A_BITS + W_BITS
) (
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [P_BITS-1:0] p
);
  localparam int FULL = A_BITS + W_BITS;
  wire [A_BITS-1:0] x = a ^ (A_BITS'(A_TOP_N) << (A_BITS - 1));
  wire [W_BITS-1:0] y = w ^ (W_BITS'(W_TOP_N) << (W_BITS - 1));
  wire [FULL-1:0] full;
  assign p = full[P_BITS-1:0];

  if (A_BITS == 1 || W_BITS == 1) begin : gen_small
    wire [FULL-1:0] x_wide = {{W_BITS{A_SIGNED & x[A_BITS-1]}}, x};
    wire [FULL-1:0] y_wide = {{A_BITS{W_SIGNED & y[W_BITS-1]}}, y};
    assign full = x_wide * y_wide;
  end else begin : gen_rows
    // sum[r] holds rows 0 … r without the bits that are final: A_BITS and a carry.
    wire [A_BITS:0] sum[W_BITS];
    for (genvar r = 0; r < W_BITS; r++) begin : gen_row
      localparam bit LAST = W_SIGNED && r == W_BITS - 1;
      localparam bit TOP = A_SIGNED && r > 0;
      wire [A_BITS-1:0] flip = {TOP ^ LAST, {(A_BITS - 1) {LAST}}};
      wire [A_BITS-1:0] term = flip ^ (x & {A_BITS{y[r]}});
      if (r == 0) begin : gen_first
        // An inverted top bit needs +1 at its own place: 1 + ~t is ~t, carried up, beside t.
        assign sum[0] = {A_SIGNED & ~term[A_BITS-1], term};
      end else if (LAST) begin : gen_carry
        wire unused;
        assign {sum[r], unused} = {1'b0, sum[r-1][A_BITS:1], 1'b1} + {1'b0, term, 1'b1};
      end else begin : gen_add
        assign sum[r] = {1'b0, sum[r-1][A_BITS:1]} + {1'b0, term};
      end
      assign full[r] = sum[r][0];
    end
    assign full[FULL-2:W_BITS] = sum[W_BITS-1][A_BITS-1:1];
    assign full[FULL-1] = sum[W_BITS-1][A_BITS] ^ (A_SIGNED || W_SIGNED);
  end
endmodule
