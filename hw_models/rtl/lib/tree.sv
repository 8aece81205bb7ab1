// Sum of LANES terms by a balanced tree of adders.
//
// A term is m, or its complement where its s is set; the +1 that makes it -m, or any other 1 that a
// term lacks, arrives separately, as carry inputs: a sum of n terms has n - 1 adders here and one
// more in the accumulator behind it.
//
//   clk    in,  1               clock, used if PIPELINED
//   m      in,  LANES * M_BITS  terms, lane 0 in the low bits; two's complement if M_SIGNED
//   s      in,  LANES           complement the term; only if HAS_SIGN
//   cin    in,  LANES           carry inputs, only if HAS_CARRY; the highest is not used
//   sum    out, BITS            two's complement if M_SIGNED or HAS_SIGN; after
//                               $clog2(LANES) clock edges if PIPELINED
//   flip   out, 1               complement `sum`: with one lane there is no adder to do it
module bf_tree #(
    parameter int LANES = 4,
    parameter int M_BITS = 8,
    parameter bit M_SIGNED = 0,
    parameter bit HAS_SIGN = 1,
    parameter bit HAS_CARRY = HAS_SIGN,
    parameter bit PIPELINED = 0,
    parameter int BITS = M_BITS + int'(HAS_SIGN && !M_SIGNED) + $clog2(LANES)
) (
    input  wire                    clk,
    input  wire [LANES*M_BITS-1:0] m,
    input  wire [       LANES-1:0] s,
    input  wire [       LANES-1:0] cin,
    output wire [        BITS-1:0] sum,
    output wire                    flip
);
  localparam bit IS_SIGNED = M_SIGNED || HAS_SIGN;

  if (LANES == 1) begin : gen_leaf
    wire [BITS:0] extended = {{(BITS + 1 - M_BITS) {M_SIGNED & m[M_BITS-1]}}, m};
    assign sum = extended[BITS-1:0];
    assign flip = HAS_SIGN & s[0];
  end else begin : gen_node
    localparam int RIGHT = LANES / 2;
    localparam int LEFT = LANES - RIGHT;
    localparam int DEPTH = $clog2(LANES) - 1;
    localparam int L_BITS = BITS - $clog2(LANES) + $clog2(LEFT);
    localparam int R_BITS = BITS - $clog2(LANES) + $clog2(RIGHT);

    wire [L_BITS-1:0] left, left_late;
    wire [R_BITS-1:0] right, right_late;
    wire left_flip, right_flip, left_flip_late, right_flip_late, carry_late;
    wire [BITS-1:0] result;

    bf_tree #(
        .LANES(RIGHT),
        .M_BITS(M_BITS),
        .M_SIGNED(M_SIGNED),
        .HAS_SIGN(HAS_SIGN),
        .HAS_CARRY(HAS_CARRY),
        .PIPELINED(PIPELINED)
    ) right_tree (
        .clk(clk),
        .m(m[RIGHT*M_BITS-1:0]),
        .s(s[RIGHT-1:0]),
        .cin(cin[RIGHT-1:0]),
        .sum(right),
        .flip(right_flip)
    );
    bf_tree #(
        .LANES(LEFT),
        .M_BITS(M_BITS),
        .M_SIGNED(M_SIGNED),
        .HAS_SIGN(HAS_SIGN),
        .HAS_CARRY(HAS_CARRY),
        .PIPELINED(PIPELINED)
    ) left_tree (
        .clk(clk),
        .m(m[LANES*M_BITS-1:RIGHT*M_BITS]),
        .s(s[LANES-1:RIGHT]),
        .cin(cin[LANES-1:RIGHT]),
        .sum(left),
        .flip(left_flip)
    );

    // The shallower side waits for the deeper one, and the carry for both. Of the carry inputs the
    // right part uses all but its highest, which is this node's own.
    bf_delay #(
        .BITS(L_BITS + 1),
        .STAGES(PIPELINED ? DEPTH - $clog2(LEFT) : 0)
    ) wait_left (
        .clk(clk),
        .x({left_flip, left}),
        .y({left_flip_late, left_late})
    );
    bf_delay #(
        .BITS(R_BITS + 1),
        .STAGES(PIPELINED ? DEPTH - $clog2(RIGHT) : 0)
    ) wait_right (
        .clk(clk),
        .x({right_flip, right}),
        .y({right_flip_late, right_late})
    );
    bf_delay #(
        .STAGES(PIPELINED && HAS_CARRY ? DEPTH : 0)
    ) wait_carry (
        .clk(clk),
        .x(cin[RIGHT-1]),
        .y(carry_late)
    );
    bf_add #(
        .BITS(BITS),
        .HAS_SIGN(HAS_CARRY)
    ) add (
        .x({{(BITS - L_BITS) {IS_SIGNED & left_late[L_BITS-1]}}, left_late}),
        .y({{(BITS - R_BITS) {IS_SIGNED & right_late[R_BITS-1]}}, right_late}),
        .x_flip(left_flip_late),
        .y_flip(right_flip_late),
        .cin(carry_late),
        .sum(result)
    );
    bf_delay #(
        .BITS(BITS),
        .STAGES(PIPELINED ? 1 : 0)
    ) register (
        .clk(clk),
        .x(result),
        .y(sum)
    );
    assign flip = 1'b0;
  end
endmodule
