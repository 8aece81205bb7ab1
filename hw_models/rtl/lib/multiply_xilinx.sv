// Exact product of two integers on Xilinx: radix-4 Booth digits, one LUT6_2 a bit and row, which
// selects the digit's multiple of a and adds it to the running sum.
//
// The first row takes LOW = 2 or 3 bits of w at once, whichever leaves whole digits:
//   2: a * w[0] + 2 a * w[1];   3: a * w[0] + 2 a * (w[1] - 2 w[2]).
// Row r > 0 adds digit w[b-1] + w[b] - 2 w[b+1] times a at b = LOW + 2 (r - 1). A negative multiple
// is the complement and a carry in. Running sums are signed; inverting the sign bit of both
// operands makes the inverse of the last carry the sum's sign.
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
  localparam int LOW = (W_BITS == 2 || W_BITS % 2 == (W_SIGNED ? 0 : 1)) ? 2 : 3;
  localparam int DIGITS = (W_BITS - LOW + 1) / 2;
  localparam int S_BITS = A_BITS + (A_SIGNED ? 0 : 1);  // a as a signed number

  localparam logic [63:0] I0 = 64'hAAAAAAAAAAAAAAAA, I1 = 64'hCCCCCCCCCCCCCCCC;
  localparam logic [63:0] I2 = 64'hF0F0F0F0F0F0F0F0, I3 = 64'hFF00FF00FF00FF00;
  localparam logic [63:0] I4 = 64'hFFFF0000FFFF0000, I5 = 64'hFFFFFFFF00000000;

  // Whether a register stands behind a row; the first one is row 0.
  function automatic int is_cut(input int row);
    is_cut = int'(row < DIGITS && row * (REGISTERS + 1) / (DIGITS + 1)
                  != (row + 1) * (REGISTERS + 1) / (DIGITS + 1));
  endfunction

  function automatic logic [63:0] split(input logic [63:0] o6, input logic [63:0] o5);
    split = (I5 & o6) | (~I5 & o5);  // with i5 = 1
  endfunction

  // One bit of a digit's multiple of a, from a[k] and a[k-1].
  function automatic logic [63:0] multiple(
      input logic [63:0] one, input logic [63:0] two, input logic [63:0] high,
      input logic [63:0] middle, input logic [63:0] low);
    multiple = high ^ (((middle ^ low) & one)
                       | (((high & ~middle & ~low) | (~high & middle & low)) & two));
  endfunction

  // Bit k of the first row stands at weight k + 1.
  localparam int K0 = LOW == 2 ? A_BITS : S_BITS + 1;
  localparam int N0 = P_BITS < 2 ? 1 : K0 < P_BITS - 1 ? K0 : P_BITS - 1;
  function automatic logic [63:0] first_row(input int k);
    logic [63:0] top, next_top, w_top, b;
    top = {64{A_TOP_N && k == A_BITS - 1}};
    next_top = {64{A_TOP_N && k == A_BITS - 2}};
    w_top = {64{W_TOP_N && W_BITS == 2}};
    if (LOW == 2) begin  // i0 = a[k+1], i1 = w[0], i2 = a[k], i3 = w[1]
      b = (I2 ^ top) & (I3 ^ w_top);
      if (k < A_BITS - 1)
        first_row = split(((I0 ^ next_top) & I1) ^ b, (I0 ^ next_top) & I1);
      else if (A_SIGNED) first_row = split((I2 & I1) ^ b, ~b);
      else first_row = split(b, '0);
    end else if (k < S_BITS) begin  // i0 = a[k], i1 = a[k-1], i2 = a[k+1], i3.. = w[1], w[2], w[0]
      b = multiple(I0 ^ top, I1 ^ {64{A_TOP_N && k == A_BITS}}, I4, I3, '0);
      first_row = b ^ (I5 & (I2 ^ next_top));
    end else begin  // sign: i0 = a's sign, i1 = w[0], i3 = w[1], i4 = w[2]
      b = multiple(I0, I0, I4, I3, '0);
      first_row = split(b ^ (I0 & I1), ~b);
    end
  endfunction
  function automatic logic [64*N0-1:0] first_rows();
    for (int k = 0; k < N0; k++) first_rows[64*k+:64] = first_row(k);
  endfunction

  function automatic logic [63:0] table_of(input int position);
    int x, y;
    for (int i = 0; i < 64; i++) begin
      x = (i % (1 << A_BITS)) ^ (A_TOP_N ? 1 << (A_BITS - 1) : 0);
      y = ((i >> A_BITS) % (1 << W_BITS)) ^ (W_TOP_N ? 1 << (W_BITS - 1) : 0);
      if (A_SIGNED && x >= (1 << (A_BITS - 1))) x = x - (1 << A_BITS);
      if (W_SIGNED && y >= (1 << (W_BITS - 1))) y = y - (1 << W_BITS);
      table_of[i] = ((x * y) >> position) & 1;
    end
  endfunction

  function automatic logic [63:0] digit_row(input int k, input bit last);
    logic [63:0] b, middle;
    middle = I3 ^ {64{last && W_TOP_N}};
    if (k < S_BITS) begin  // i0 = a[k], i1 = a[k-1], i2 = w[b+1], i3 = w[b], i4 = w[b-1], i5 = sum
      b = multiple(I0 ^ {64{A_TOP_N && k == A_BITS - 1}}, I1 ^ {64{A_TOP_N && k == A_BITS}}, I2,
                   middle, I4);
      digit_row = b ^ I5;
    end else begin  // sign: i0 = a's sign, i1 = sum
      b = multiple(I0, I0, I2, middle, I4);
      digit_row = split(b ^ I1, ~b);
    end
  endfunction
  function automatic logic [64*(S_BITS+1)-1:0] digit_rows(input bit last);
    for (int k = 0; k <= S_BITS; k++) digit_rows[64*k+:64] = digit_row(k, last);
  endfunction

  if (A_BITS + W_BITS <= 6 && W_BITS > 1) begin : gen_table
    // Six inputs: every bit of the product is one LUT, and the lowest two share one.
    wire [5:0] index = 6'({w, a});
    wire [P_BITS-1:0] product;
    bf_delay #(
        .BITS(P_BITS),
        .STAGES(REGISTERS)
    ) register (
        .clk(clk),
        .x(product),
        .y(p)
    );
    if (P_BITS > 1) begin : gen_pair
      localparam logic [15:0] A0 = 16'hAAAA, A1 = 16'hCCCC, W0 = 16'hF0F0, W1 = 16'hFF00;
      localparam logic [15:0] LOW1 = A_TOP_N && A_BITS == 2 ? ~A1 : A1;
      localparam logic [15:0] LOW3 = W_TOP_N && W_BITS == 2 ? ~W1 : W1;
      localparam logic [15:0] P1 = (LOW1 & W0) ^ (A0 & LOW3), P0 = A0 & W0;
      LUT6_2 #(
          .INIT({P1, P1, P0, P0})
      ) pair (
          .I0(a[0]),
          .I1(a[1]),
          .I2(w[0]),
          .I3(w[1]),
          .I4(1'b0),
          .I5(1'b1),
          .O6(product[1]),
          .O5(product[0])
      );
    end
    for (genvar i = 2; i < P_BITS; i++) begin : gen_bit
      LUT6 #(
          .INIT(table_of(i))
      ) lut (
          .I0(index[0]),
          .I1(index[1]),
          .I2(index[2]),
          .I3(index[3]),
          .I4(index[4]),
          .I5(index[5]),
          .O (product[i])
      );
    end
  end else if (W_BITS == 1 || (W_BITS == 2 && W_SIGNED)) begin : gen_small
    wire signed [A_BITS:0] x = {A_SIGNED & a[A_BITS-1], a} ^ ((A_BITS + 1)'(A_TOP_N) << (A_BITS - 1));
    wire signed [W_BITS:0] y = {W_SIGNED & w[W_BITS-1], w} ^ ((W_BITS + 1)'(W_TOP_N) << (W_BITS - 1));
    wire signed [A_BITS+W_BITS+1:0] full = x * y;
    bf_delay #(
        .BITS(P_BITS),
        .STAGES(REGISTERS)
    ) register (
        .clk(clk),
        .x(full[P_BITS-1:0]),
        .y(p)
    );
  end else begin : gen_rows
    wire sign = A_SIGNED & a[A_BITS-1];
    wire [A_BITS+2:0] above = {{3{sign}}, a};  // a[k+1] and a[k] beyond the top
    wire [N0-1:0] f0, f1, f2, f3, f4, f5, f_sum, f_carry;
    wire f_inverse;
    for (genvar k = 0; k < N0; k++) begin : gen_first
      if (LOW == 2)
        assign {f0[k], f1[k], f2[k], f3[k], f4[k], f5[k]} = {above[k+1], w[0], a[k], w[1], 1'b0, 1'b1};
      else if (k < S_BITS)
        assign {f0[k], f1[k], f2[k], f3[k], f4[k], f5[k]} =
            {above[k], k == 0 ? 1'b0 : a[k == 0 ? 0 : k-1], above[k+1], w[1], w[LOW-1], w[0]};
      else assign {f0[k], f1[k], f2[k], f3[k], f4[k], f5[k]} = {sign, w[0], 1'b0, w[1], w[LOW-1], 1'b1};
    end
    bf_xilinx_chain #(
        .N(N0),
        .TABLES(first_rows()),
        .INVERSE(1'b1)
    ) first (
        .i0(f0),
        .i1(f1),
        .i2(f2),
        .i3(f3),
        .i4(f4),
        .i5(f5),
        .cin(LOW == 3 && w[LOW-1]),
        .s(f_sum),
        .cout(f_carry),
        .inverse(f_inverse)
    );

    // In front of digit r: the running sum from the digit's weight B up to its sign, the
    // multiplicand, and below them the final bits of the sum, then w from the bit below B on.
    localparam int SUM = S_BITS + 1;
    wire [SUM-1:0] running[DIGITS+1];
    wire [A_BITS-1:0] multiplicand[DIGITS+1];
    wire [W_BITS:0] rest[DIGITS+1];
    wire [A_BITS+W_BITS+4:0] full;
    assign p = full[P_BITS-1:0];

    wire [SUM-1:0] first_sum;
    wire [LOW-1:0] first_low;
    assign first_low[0] = a[0] & w[0];
    for (genvar i = 1; i < LOW; i++) assign first_low[i] = f_sum[i-1];
    for (genvar i = 0; i < SUM; i++) begin : gen_first_sum
      localparam int K = LOW + i - 1;
      if (K < N0) assign first_sum[i] = f_sum[K];
      else if (K == K0 && N0 == K0)
        assign first_sum[i] = (LOW == 2 && !A_SIGNED) ? f_carry[K0-1] : f_inverse;
      else assign first_sum[i] = (LOW == 2 && !A_SIGNED) ? 1'b0 : f_inverse;
    end
    bf_delay #(
        .BITS(SUM + A_BITS + W_BITS + 1),
        .STAGES(is_cut(0))
    ) register_first (
        .clk(clk),
        .x({first_sum, a, w[W_BITS-1:LOW-1], first_low}),
        .y({running[0], multiplicand[0], rest[0]})
    );

    for (genvar r = 1; r <= DIGITS; r++) begin : gen_digit
      localparam int B = LOW + 2 * (r - 1);
      localparam bit LAST = r == DIGITS;
      localparam int N = LAST && P_BITS - B < SUM ? P_BITS - B : SUM;
      wire [A_BITS-1:0] x = multiplicand[r-1];
      wire x_sign = A_SIGNED & x[A_BITS-1];
      wire [A_BITS:0] x_above = {x_sign, x};
      wire high = B + 1 < W_BITS ? rest[r-1][B+1<W_BITS?B+2 : 0] : 1'b0;
      wire low = (B > 2) && rest[r-1][B];
      wire [N-1:0] c0, c1, c5, s;
      wire inverse;
      for (genvar k = 0; k < N; k++) begin : gen_bit
        if (k < S_BITS)
          assign {c0[k], c1[k], c5[k]} = {x_above[k], k == 0 ? 1'b0 : x[k == 0 ? 0 : k-1], running[r-1][k]};
        else assign {c0[k], c1[k], c5[k]} = {x_sign, running[r-1][k], 1'b1};
      end
      bf_xilinx_chain #(
          .N(N),
          .TABLES((64 * N)'(digit_rows(LAST))),
          .INVERSE(!LAST)
      ) chain (
          .i0(c0),
          .i1(c1),
          .i2({N{high}}),
          .i3({N{rest[r-1][B+1]}}),
          .i4({N{low}}),
          .i5(c5),
          .cin(high),
          .s(s),
          .cout(),
          .inverse(inverse)
      );
      if (LAST) assign full = (A_BITS + W_BITS + 5)'({s, rest[r-1][B-1:0]});
      else begin : gen_next
        bf_delay #(
            .BITS(SUM + A_BITS + W_BITS + 1),
            .STAGES(is_cut(r))
        ) register (
            .clk(clk),
            .x({inverse, inverse, s[S_BITS:2], x, rest[r-1][W_BITS:B+2], s[1:0], rest[r-1][B-1:0]}),
            .y({running[r], multiplicand[r], rest[r]})
        );
      end
    end
    if (DIGITS == 0) begin : gen_no_digit
      assign full = {{(A_BITS + W_BITS + 4 - LOW - S_BITS) {running[0][S_BITS]}}, running[0], rest[0][LOW-1:0]};
    end
  end
endmodule
