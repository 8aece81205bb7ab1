// Exact product of two integers on ECP5: W_BITS - 1 rows of adders threaded through one carry chain,
// or through one between any two registers. See multiply_rows_ecp5.sv.
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
  localparam int ROWS = W_BITS - 1;
  localparam int STAGES = REGISTERS + 1;
  wire [A_BITS+W_BITS-1:0] full;
  assign p = full[P_BITS-1:0];

  if (ROWS == 0 || A_BITS == 1 || P_BITS <= W_BITS) begin : gen_small
    wire signed [A_BITS:0] x = {A_SIGNED & a[A_BITS-1], a} ^ ((A_BITS + 1)'(A_TOP_N) << (A_BITS - 1));
    wire signed [W_BITS:0] y = {W_SIGNED & w[W_BITS-1], w} ^ ((W_BITS + 1)'(W_TOP_N) << (W_BITS - 1));
    wire signed [A_BITS+W_BITS+1:0] product = x * y;
    bf_delay #(
        .BITS(A_BITS + W_BITS),
        .STAGES(REGISTERS)
    ) register (
        .clk(clk),
        .x(product[A_BITS+W_BITS-1:0]),
        .y(full)
    );
  end else begin : gen_rows
    // In front of each stage: the sum of the rows so far without its final bits, the multiplicand,
    // and the multiplier, in which the bits used up have made way for the final bits of the sum.
    wire [A_BITS-1:0] running[STAGES+1];
    wire [A_BITS-1:0] multiplicand[STAGES+1];
    wire [W_BITS-1:0] rest[STAGES+1];
    assign running[0] = '0;
    assign multiplicand[0] = a;
    assign rest[0] = w;
    for (genvar i = 0; i < STAGES; i++) begin : gen_stage
      wire [A_BITS-1:0] after;
      wire [W_BITS-1:0] rest_after;
      bf_multiply_rows #(
          .A_BITS(A_BITS),
          .W_BITS(W_BITS),
          .A_SIGNED(A_SIGNED),
          .W_SIGNED(W_SIGNED),
          .A_TOP_N(A_TOP_N),
          .W_TOP_N(W_TOP_N),
          .P_BITS(P_BITS),
          .FIRST((i * ROWS + REGISTERS) / STAGES + 1),
          .LAST(((i + 1) * ROWS + REGISTERS) / STAGES)
      ) rows (
          .a(multiplicand[i]),
          .w(rest[i]),
          .running(running[i]),
          .after(after),
          .rest(rest_after)
      );
      bf_delay #(
          .BITS(2 * A_BITS + W_BITS),
          .STAGES(i < REGISTERS ? 1 : 0)
      ) register (
          .clk(clk),
          .x({after, multiplicand[i], rest_after}),
          .y({running[i+1], multiplicand[i+1], rest[i+1]})
      );
    end
    assign full = {running[STAGES], rest[STAGES]};
  end
endmodule
