// Adder that can complement its operands: sum = (x_flip ? ~x : x) + (y_flip ? ~y : y) + cin.
//
//   x, y            in,  BITS
//   x_flip, y_flip  in,  1     complement the operand; only if HAS_SIGN
//   cin             in,  1     carry in; only if HAS_SIGN
//   sum             out, BITS
module bf_add #(
    parameter int BITS = 8,
    parameter bit HAS_SIGN = 1
) (
    input  wire [BITS-1:0] x,
    input  wire [BITS-1:0] y,
    input  wire            x_flip,
    input  wire            y_flip,
    input  wire            cin,
    output wire [BITS-1:0] sum
);
  if (HAS_SIGN) begin : gen_sign
    wire unused;
    assign {sum, unused} = {x ^ {BITS{x_flip}}, 1'b1} + {y ^ {BITS{y_flip}}, cin};
  end else begin : gen_plain
    assign sum = x + y;
  end
endmodule
