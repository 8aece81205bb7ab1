// COUNT products of one operand with COUNT others, in one DSP block.
//
// The others stand side by side, SPACING bits apart, so that each product has a field of its own in
// the block's. Where products can be negative, a field is 1 less than its product if the field below
// is negative: `carry` is that 1, which an adder behind takes for nothing. Signed operands side by
// side are their lower bits less their sign bits. HALVES is for two products in a block that is
// made for them.
//
//   clk    in,  1                clock, used if REGISTERS > 0
//   a      in,  A_BITS           operand of all products, two's complement if A_SIGNED
//   w      in,  COUNT * W_BITS   the others, two's complement if W_SIGNED
//   p      out, COUNT * SPACING  fields, which with their carry are the products; two's complement
//                                if either operand is; after REGISTERS clock edges, as in bf_dsp
//   carry  out, COUNT            the field lacks 1
module bf_dsp_pack #(
    parameter int COUNT = 2,
    parameter int A_BITS = 8,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter bit W_SIGNED = 1,
    parameter int SPACING = 15,
    parameter bit HALVES = 0,
    parameter int REGISTERS = 0
) (
    input  wire                     clk,
    input  wire [       A_BITS-1:0] a,
    input  wire [ COUNT*W_BITS-1:0] w,
    output wire [COUNT*SPACING-1:0] p,
    output wire [        COUNT-1:0] carry
);
  if (HALVES) begin : gen_halves
    wire [2*(A_BITS+W_BITS)-1:0] products;
    bf_dsp_halves #(
        .A_BITS(A_BITS),
        .A_SIGNED(A_SIGNED),
        .W_BITS(W_BITS),
        .W_SIGNED(W_SIGNED),
        .REGISTERS(REGISTERS)
    ) block (
        .clk(clk),
        .a(a),
        .w(w),
        .p(products)
    );
    assign p = {products[A_BITS+W_BITS+:SPACING], products[SPACING-1:0]};
    assign carry = '0;
  end else begin : gen_fields
    localparam int BITS = (COUNT - 1) * SPACING + W_BITS;
    wire [BITS-1:0] low, signs;
    wire [A_BITS+BITS-1:0] product;
    for (genvar i = 0; i < COUNT; i++) begin : gen_field
      localparam bit SPLITS = W_SIGNED && i < COUNT - 1;
      localparam int NEXT = i < COUNT - 1 ? (i + 1) * SPACING : BITS;
      wire [W_BITS-1:0] x = w[i*W_BITS+:W_BITS];
      wire [W_BITS-1:0] top = W_BITS'(SPLITS) << (W_BITS - 1);
      wire [NEXT-i*SPACING-1:0] low_field = x & ~top;
      wire [NEXT-i*SPACING-1:0] sign_field = x & top;
      assign low[NEXT-1:i*SPACING] = low_field;
      assign signs[NEXT-1:i*SPACING] = sign_field;
      assign carry[i] = i > 0 && (A_SIGNED || W_SIGNED) && product[i*SPACING-(i>0?1:0)];
      assign p[i*SPACING+:SPACING] = product[i*SPACING+:SPACING];
    end
    // The wider operand goes to w, which is the wider port.
    if (COUNT == 1 && A_BITS > W_BITS) begin : gen_swapped
      bf_dsp #(
          .A_BITS(W_BITS),
          .A_SIGNED(W_SIGNED),
          .W_BITS(A_BITS),
          .W_SIGNED(A_SIGNED),
          .REGISTERS(REGISTERS)
      ) block (
          .clk(clk),
          .a(low),
          .w(a),
          .sub({A_BITS{1'b0}}),
          .p(product)
      );
    end else begin : gen_straight
      bf_dsp #(
          .A_BITS(A_BITS),
          .A_SIGNED(A_SIGNED),
          .W_BITS(BITS),
          .W_SIGNED(W_SIGNED),
          .SUBTRACTS(W_SIGNED && COUNT > 1),
          .FIRST(W_BITS - 1),
          .REGISTERS(REGISTERS)
      ) block (
          .clk(clk),
          .a(a),
          .w(low),
          .sub(signs),
          .p(product)
      );
    end
  end
endmodule
