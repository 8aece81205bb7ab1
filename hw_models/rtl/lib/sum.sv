// Sum over lanes and beats: acc <= (clr ? 0 : acc) + sum of s[i] ? -(m[i] + carry[i]) : m[i] +
// carry[i], where en is set.
//
// PIPELINED registers the products and every level of the tree: en and clr come 1 + $clog2(LANES)
// clock edges after the products of their beat, and acc shows it one edge later.
//
//   clk    in,  1               clock
//   en     in,  1               the beat counts
//   clr    in,  1               the beat starts a new sum
//   m      in,  LANES * M_BITS  products, lane 0 in the low bits; two's complement if IS_TWOS
//   s      in,  LANES           signs of the products; only if HAS_SIGN
//   carry  in,  LANES           products that lack 1; only if HAS_CARRY, which needs IS_TWOS
//   acc    out, ACC_BITS        exact sum, two's complement
module bf_sum #(
    parameter int LANES = 4,
    parameter bit PIPELINED = 0,
    parameter int M_BITS = 15,
    parameter bit IS_TWOS = 1,
    parameter bit HAS_SIGN = 0,
    parameter bit HAS_CARRY = 0,
    parameter int ACC_BITS = 25
) (
    input  wire                    clk,
    input  wire                    en,
    input  wire                    clr,
    input  wire [LANES*M_BITS-1:0] m,
    input  wire [       LANES-1:0] s,
    input  wire [       LANES-1:0] carry,
    output wire [    ACC_BITS-1:0] acc
);
  localparam bit ADDS_ONE = HAS_SIGN || HAS_CARRY;
  localparam int SUM_BITS = M_BITS + int'(HAS_SIGN && !IS_TWOS) + $clog2(LANES);

  wire [LANES*M_BITS-1:0] terms;
  wire [LANES-1:0] signs, ones;
  wire [SUM_BITS-1:0] sum;
  wire flip, late_one;

  bf_delay #(
      .BITS(LANES * M_BITS),
      .STAGES(PIPELINED ? 1 : 0)
  ) register_terms (
      .clk(clk),
      .x(m),
      .y(terms)
  );
  bf_delay #(
      .BITS(LANES),
      .STAGES(PIPELINED && HAS_SIGN ? 1 : 0)
  ) register_signs (
      .clk(clk),
      .x(s),
      .y(signs)
  );
  // A negative term is a complement and 1 more, or the 1 that it lacks.
  if (HAS_CARRY) begin : gen_carry
    bf_delay #(
        .BITS(LANES),
        .STAGES(PIPELINED ? 1 : 0)
    ) register_ones (
        .clk(clk),
        .x(HAS_SIGN ? s ^ carry : carry),
        .y(ones)
    );
  end else begin : gen_signs
    assign ones = signs;
  end

  // The tree has room for all +1 of the terms but one, which the accumulator adds.
  (* keep_hierarchy *)
  bf_tree #(
      .LANES(LANES),
      .M_BITS(M_BITS),
      .M_SIGNED(IS_TWOS),
      .HAS_SIGN(HAS_SIGN),
      .HAS_CARRY(ADDS_ONE),
      .PIPELINED(PIPELINED)
  ) tree (
      .clk(clk),
      .m(terms),
      .s(signs),
      .cin(ones),
      .sum(sum),
      .flip(flip)
  );

  bf_delay #(
      .STAGES(PIPELINED && ADDS_ONE ? $clog2(LANES) : 0)
  ) wait_one (
      .clk(clk),
      .x(ones[LANES-1]),
      .y(late_one)
  );
  (* keep_hierarchy *)
  bf_accumulate #(
      .M_BITS(SUM_BITS),
      .M_SIGNED(IS_TWOS || HAS_SIGN),
      .HAS_SIGN(ADDS_ONE),
      .BITS(ACC_BITS)
  ) accumulate (
      .clk(clk),
      .en(en),
      .clr(clr),
      .m(sum),
      .s(flip),
      .cin(late_one),
      .acc(acc)
  );
endmodule
