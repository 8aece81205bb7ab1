// Adder on ECP5 that can complement its operands: sum = (x_flip ? ~x : x) + (y_flip ? ~y : y) + cin.
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
  localparam logic [15:0] A = 16'hAAAA, B = 16'hCCCC, C = 16'hF0F0, D = 16'hFF00;
  localparam logic [15:0] ADD = (A ^ B) ^ (C ^ D);
  localparam logic [15:0] CARRY_IN = ~D & A;  // with d = 1: reads nothing, hands on a

  if (HAS_SIGN) begin : gen_sign
    wire unused;
    bf_ecp5_chain #(
        .N(BITS + 1),
        .TABLES({{BITS{ADD}}, CARRY_IN})
    ) chain (
        .a({x, cin}),
        .b({{BITS{x_flip}}, 1'b0}),
        .c({y, 1'b0}),
        .d({{BITS{y_flip}}, 1'b1}),
        .s({sum, unused})
    );
  end else begin : gen_plain
    bf_ecp5_chain #(
        .N(BITS),
        .TABLES({BITS{ADD}})
    ) chain (
        .a(x),
        .b({BITS{1'b0}}),
        .c(y),
        .d({BITS{1'b0}}),
        .s(sum)
    );
  end
endmodule
