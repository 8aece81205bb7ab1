// Exact products of one activation with COUNT weights in one DSP block.
//
// INTEGERS turns minifloats into integers in front of the block, so that nothing is left to align;
// else the block multiplies the significands, and each product is shifted by its exponents.
//
//   product = s ? -(m + carry) : m + carry
//
// Parameters of the codes as in product.sv, A_TABLE and W_TABLE as in magnitude.sv, HALVES as in
// dsp_pack.sv. With REGISTERS all outputs come that many clock edges later: the last register is
// behind the block's multiplier, another in front of it.
//
//   clk    in,  1               clock, used if REGISTERS > 0
//   a      in,  A_BITS          activation code
//   w      in,  COUNT * W_BITS  weight codes
//   m      out, COUNT * M_BITS  products; two's complement if a signed integer takes part
//   s      out, COUNT           signs of the minifloats' products
//   carry  out, COUNT           the product lacks 1, see dsp_pack.sv
module bf_lane_dsp #(
    parameter int COUNT = 1,
    parameter bit INTEGERS = 0,
    parameter bit HALVES = 0,
    parameter bit A_TABLE = 0,
    parameter bit W_TABLE = 0,
    parameter int A_BITS = 8,
    parameter int A_EXP = 4,
    parameter bit A_SIGNED = 1,
    parameter int W_BITS = 8,
    parameter int W_EXP = 4,
    parameter bit W_SIGNED = 1,
    parameter int P_BITS = 8,
    parameter int RANGE = 28,
    parameter int FINE = 3,
    parameter int REGISTERS = 0,
    parameter int M_BITS = P_BITS + RANGE
) (
    input  wire                    clk,
    input  wire [      A_BITS-1:0] a,
    input  wire [COUNT*W_BITS-1:0] w,
    output wire [COUNT*M_BITS-1:0] m,
    output wire [       COUNT-1:0] s,
    output wire [       COUNT-1:0] carry
);
  localparam int A_SIG = A_EXP > 0 ? A_BITS - int'(A_SIGNED) - A_EXP + 1 : A_BITS;
  localparam int W_SIG = W_EXP > 0 ? W_BITS - int'(W_SIGNED) - W_EXP + 1 : W_BITS;
  localparam bit A_TWOS = A_SIGNED && A_EXP == 0;
  localparam bit W_TWOS = W_SIGNED && W_EXP == 0;
  localparam int A_VALUE = A_SIG + (INTEGERS && A_EXP > 1 ? (1 << A_EXP) - 2 : 0);
  localparam int W_VALUE = W_SIG + (INTEGERS && W_EXP > 1 ? (1 << W_EXP) - 2 : 0);
  localparam int FIELD = INTEGERS ? M_BITS : P_BITS;
  localparam bit HAS_SIGN = (A_SIGNED && A_EXP > 0) || (W_SIGNED && W_EXP > 0);

  wire a_sign;
  wire [COUNT-1:0] w_sign;
  wire [A_VALUE-1:0] a_value;
  wire [COUNT*W_VALUE-1:0] w_value;
  wire [COUNT*FIELD-1:0] p;

  if (INTEGERS) begin : gen_integers
    bf_magnitude #(
        .BITS(A_BITS),
        .EXP(A_EXP),
        .SIGNED(A_SIGNED),
        .TABLE(A_TABLE),
        .VALUE_BITS(A_VALUE)
    ) act (
        .code(a),
        .sign(a_sign),
        .value(a_value)
    );
    for (genvar i = 0; i < COUNT; i++) begin : gen_weight
      bf_magnitude #(
          .BITS(W_BITS),
          .EXP(W_EXP),
          .SIGNED(W_SIGNED),
          .TABLE(W_TABLE),
          .VALUE_BITS(W_VALUE)
      ) weight (
          .code(w[i*W_BITS+:W_BITS]),
          .sign(w_sign[i]),
          .value(w_value[i*W_VALUE+:W_VALUE])
      );
    end
    assign m = p;
  end else begin : gen_significands
    localparam bit A_SHIFTS = A_EXP > 1;
    localparam bit W_SHIFTS = W_EXP > 1;
    localparam int A_E = A_SHIFTS ? A_EXP : 1;
    localparam int W_E = W_SHIFTS ? W_EXP : 1;
    localparam int E_BITS = A_E > W_E ? A_E : W_E;
    localparam int K_BITS = E_BITS + int'(A_SHIFTS && W_SHIFTS);
    wire a_zero;
    wire [A_E-1:0] a_exponent;
    wire [A_SIG-1:0] a_significand;
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
    assign a_value = a_significand ^ (A_SIG'(A_EXP > 0) << (A_SIG - 1));  // hidden bits are inverted
    for (genvar i = 0; i < COUNT; i++) begin : gen_weight
      wire w_zero;
      wire [W_E-1:0] w_exponent;
      wire [W_SIG-1:0] w_significand;
      wire [K_BITS-1:0] k, k_late;
      bf_operand #(
          .BITS(W_BITS),
          .EXP(W_EXP),
          .SIGNED(W_SIGNED)
      ) weight (
          .code(w[i*W_BITS+:W_BITS]),
          .sign(w_sign[i]),
          .exponent(w_exponent),
          .zero(w_zero),
          .significand(w_significand)
      );
      assign w_value[i*W_VALUE+:W_VALUE] = w_significand ^ (W_SIG'(W_EXP > 0) << (W_SIG - 1));
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
      end else begin : gen_one
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
      bf_shift #(
          .X_BITS(P_BITS),
          .SIGNED(A_TWOS || W_TWOS),
          .K_BITS(K_BITS),
          .OFFSET(int'(A_SHIFTS) + int'(W_SHIFTS)),
          .RANGE(RANGE),
          .FINE(FINE)
      ) shift (
          .x(p[i*P_BITS+:P_BITS]),
          .k(k_late),
          .y(m[i*M_BITS+:M_BITS])
      );
    end
  end

  bf_dsp_pack #(
      .COUNT(COUNT),
      .A_BITS(A_VALUE),
      .A_SIGNED(A_TWOS),
      .W_BITS(W_VALUE),
      .W_SIGNED(W_TWOS),
      .SPACING(FIELD),
      .HALVES(HALVES),
      .REGISTERS(REGISTERS)
  ) pack (
      .clk(clk),
      .a(a_value),
      .w(w_value),
      .p(p),
      .carry(carry)
  );
  bf_delay #(
      .BITS(COUNT),
      .STAGES(HAS_SIGN ? REGISTERS : 0)
  ) register_signs (
      .clk(clk),
      .x({COUNT{a_sign}} ^ w_sign),
      .y(s)
  );
endmodule
