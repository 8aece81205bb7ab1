// Exact product of two codes by one of two architectures: a table, or significands and a shifter.
// Ports and parameters as in product.sv; TABLE is for styles that have bf_product_table, in which no
// register fits.
module bf_lane #(
    parameter int A_BITS = 8,
    parameter int A_EXP = 0,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 0,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 15,
    parameter int RANGE = 0,
    parameter int FINE = 0,
    parameter bit KEEP_TOP = 0,
    parameter bit TABLE = 0,
    parameter int REGISTERS = 0,
    parameter int M_BITS = P_BITS + RANGE
) (
    input  wire              clk,
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [M_BITS-1:0] m,
    output wire              far,
    output wire              s
);
  if (TABLE) begin : gen_table
    (* keep_hierarchy *)
    bf_product_table #(
        .A_BITS(A_BITS),
        .A_EXP(A_EXP),
        .A_SIGNED(A_SIGNED),
        .W_BITS(W_BITS),
        .W_EXP(W_EXP),
        .W_SIGNED(W_SIGNED),
        .M_BITS(M_BITS)
    ) product (
        .a(a),
        .w(w),
        .m(m),
        .s(s)
    );
    assign far = 1'b0;
  end else begin : gen_product
    (* keep_hierarchy *)
    bf_product #(
        .A_BITS(A_BITS),
        .A_EXP(A_EXP),
        .A_SIGNED(A_SIGNED),
        .W_BITS(W_BITS),
        .W_EXP(W_EXP),
        .W_SIGNED(W_SIGNED),
        .P_BITS(P_BITS),
        .RANGE(RANGE),
        .FINE(FINE),
        .KEEP_TOP(KEEP_TOP),
        .REGISTERS(REGISTERS),
        .M_BITS(M_BITS)
    ) product (
        .clk(clk),
        .a(a),
        .w(w),
        .m(m),
        .far(far),
        .s(s)
    );
  end
endmodule
