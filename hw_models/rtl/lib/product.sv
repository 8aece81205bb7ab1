// Exact product of two codes, integers or minifloats, in units of the product of their lsb.
//
//   product = (s ? -m : m)
//
// The significands are multiplied, then shifted by the sum of the exponents. With KEEP_TOP the
// highest bit of that sum is handed on instead of used, for an accumulator that has room for the
// last stage of the shifter:  product = (s ? -m : m) * 2^(far * 2^(K_BITS - 1) - OFFSET).
//
// With REGISTERS all outputs come that many clock edges later: the last register stands in front of
// the shifter, if there is one, and the others among the rows of the multiplier.
//
//   a    in,  A_BITS  activation code; A_EXP exponent bits, 0 for an integer
//   w    in,  W_BITS  weight code, likewise
//   m    out, M_BITS  significand product, shifted; two's complement if a signed integer takes part
//   far  out, 1       highest bit of the exponents' sum with KEEP_TOP, else 0
//   s    out, 1       sign of the minifloats' product
//   clk  in,  1       clock, used if REGISTERS > 0; last: in front, it moves what the mapper makes of
//                     the other inputs by a LUT or two
module bf_product #(
    parameter int A_BITS = 8,
    parameter int A_EXP = 4,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 4,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 8,
    parameter int RANGE = 28,
    parameter int FINE = 3,
    parameter bit KEEP_TOP = 0,
    parameter int REGISTERS = 0,
    parameter int M_BITS = P_BITS + RANGE
) (
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    output wire [M_BITS-1:0] m,
    output wire              far,
    output wire              s,
    input  wire              clk
);
  localparam int A_SIG = A_EXP > 0 ? A_BITS - int'(A_SIGNED) - A_EXP + 1 : A_BITS;
  localparam int W_SIG = W_EXP > 0 ? W_BITS - int'(W_SIGNED) - W_EXP + 1 : W_BITS;
  localparam bit A_TWOS = A_SIGNED && A_EXP == 0;
  localparam bit W_TWOS = W_SIGNED && W_EXP == 0;
  localparam int A_E = A_EXP > 1 ? A_EXP : 1;
  localparam int W_E = W_EXP > 1 ? W_EXP : 1;

  // An exponent of one bit is always 1: E1Mm is an integer grid.
  localparam bit A_SHIFTS = A_EXP > 1;
  localparam bit W_SHIFTS = W_EXP > 1;
  localparam bit HAS_SHIFT = A_SHIFTS || W_SHIFTS;
  localparam int E_BITS = A_E > W_E ? A_E : W_E;
  localparam int K_BITS = E_BITS + int'(A_SHIFTS && W_SHIFTS);
  localparam int OFFSET = int'(A_SHIFTS) + int'(W_SHIFTS);

  localparam bit HAS_SIGN = (A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0);
  localparam bit IS_CUT = HAS_SHIFT && REGISTERS > 0;  // between multiplier and shifter
  localparam int ROW_REGISTERS = REGISTERS - int'(IS_CUT);

  wire a_sign, w_sign, a_zero, w_zero;
  wire [A_E-1:0] a_exponent;
  wire [W_E-1:0] w_exponent;
  wire [A_SIG-1:0] a_significand;
  wire [W_SIG-1:0] w_significand;
  wire [P_BITS-1:0] p;

  bf_operand #(
      .BITS(A_BITS),
      .EXP(A_EXP),
      .SIGNED(A_SIGNED)
  ) act (
      .code(a),
      .sign(a_sign),
      .exponent(a_exponent),
      .zero(a_zero),
      .significand(a_significand)
  );
  bf_operand #(
      .BITS(W_BITS),
      .EXP(W_EXP),
      .SIGNED(W_SIGNED)
  ) weight (
      .code(w),
      .sign(w_sign),
      .exponent(w_exponent),
      .zero(w_zero),
      .significand(w_significand)
  );

  // Fewer, longer rows are cheaper: the longer significand is the multiplicand.
  if (A_SIG >= W_SIG) begin : gen_act_rows
    bf_multiply #(
        .A_BITS(A_SIG),
        .W_BITS(W_SIG),
        .A_SIGNED(A_TWOS),
        .W_SIGNED(W_TWOS),
        .A_TOP_N(A_EXP > 0),
        .W_TOP_N(W_EXP > 0),
        .P_BITS(P_BITS),
        .REGISTERS(ROW_REGISTERS)
    ) multiply (
        .clk(clk),
        .a(a_significand),
        .w(w_significand),
        .p(p)
    );
  end else begin : gen_weight_rows
    bf_multiply #(
        .A_BITS(W_SIG),
        .W_BITS(A_SIG),
        .A_SIGNED(W_TWOS),
        .W_SIGNED(A_TWOS),
        .A_TOP_N(W_EXP > 0),
        .W_TOP_N(A_EXP > 0),
        .P_BITS(P_BITS),
        .REGISTERS(ROW_REGISTERS)
    ) multiply (
        .clk(clk),
        .a(w_significand),
        .w(a_significand),
        .p(p)
    );
  end

  bf_delay #(
      .STAGES(HAS_SIGN ? REGISTERS : 0)
  ) register_sign (
      .clk(clk),
      .x(a_sign ^ w_sign),
      .y(s)
  );

  if (!HAS_SHIFT) begin : gen_fixed
    assign m = p;
    assign far = 1'b0;
  end else begin : gen_shift
    wire [K_BITS-1:0] k, k_late;
    wire [P_BITS-1:0] p_late;
    if (A_SHIFTS && W_SHIFTS) begin : gen_sum
      bf_exponents #(
          .BITS(E_BITS)
      ) exponents (
          .a(E_BITS'(a_exponent)),
          .w(E_BITS'(w_exponent)),
          .a_zero(a_zero),
          .w_zero(w_zero),
          .sum(k)
      );
    end else if (A_SHIFTS) begin : gen_act
      assign k = a_exponent | K_BITS'(a_zero);
    end else begin : gen_weight
      assign k = w_exponent | K_BITS'(w_zero);
    end

    bf_delay #(
        .BITS(K_BITS),
        .STAGES(REGISTERS)
    ) register_exponents (
        .clk(clk),
        .x(k),
        .y(k_late)
    );
    bf_delay #(
        .BITS(P_BITS),
        .STAGES(int'(IS_CUT))
    ) register_product (
        .clk(clk),
        .x(p),
        .y(p_late)
    );

    assign far = KEEP_TOP & k_late[K_BITS-1];
    bf_shift #(
        .X_BITS(P_BITS),
        .SIGNED(A_TWOS || W_TWOS),
        .K_BITS(K_BITS - int'(KEEP_TOP)),
        .OFFSET(KEEP_TOP ? 0 : OFFSET),
        .RANGE(M_BITS - P_BITS),
        .FINE(FINE)
    ) shift (
        .x(p_late),
        .k(k_late[K_BITS-int'(KEEP_TOP)-1:0]),
        .y(m)
    );
  end
endmodule
