// Accumulator on ECP5: sign, clear and addition in one half slice a bit.
//
//   acc <= (clr ? 0 : acc) + ((s ? ~m : m) + cin)  on a clock edge with en
//
//   clk  in,  1       clock
//   en   in,  1       accumulate now
//   clr  in,  1       start a new sum with this term
//   m    in,  M_BITS  term or its magnitude; two's complement if M_SIGNED
//   s    in,  1       complement the term; only if HAS_SIGN
//   cin  in,  1       one more, which makes it the negative term; only if HAS_SIGN
//   acc  out, BITS    sum, two's complement
module bf_accumulate #(
    parameter int M_BITS = 16,
    parameter bit M_SIGNED = 1,
    parameter bit HAS_SIGN = 0,
    parameter int BITS = 26
) (
    input  wire              clk,
    input  wire              en,
    input  wire              clr,
    input  wire [M_BITS-1:0] m,
    input  wire              s,
    input  wire              cin,
    output reg  [  BITS-1:0] acc
);
  localparam logic [15:0] A = 16'hAAAA, B = 16'hCCCC, C = 16'hF0F0, D = 16'hFF00;
  localparam logic [15:0] ADD = (A ^ B) ^ (C & ~D);
  localparam logic [15:0] CARRY_IN = ~D & A;  // with d = 1: reads nothing, hands on a

  wire [BITS+M_BITS-1:0] extended = {{BITS{M_SIGNED & m[M_BITS-1]}}, m};
  wire [BITS-1:0] term = extended[BITS-1:0];
  wire [BITS-1:0] next;

  if (HAS_SIGN) begin : gen_sign
    wire unused;
    bf_ecp5_chain #(
        .N(BITS + 1),
        .TABLES({{BITS{ADD}}, CARRY_IN})
    ) chain (
        .a({term, cin}),
        .b({{BITS{s}}, 1'b0}),
        .c({acc, 1'b0}),
        .d({{BITS{clr}}, 1'b1}),
        .s({next, unused})
    );
  end else begin : gen_plain
    bf_ecp5_chain #(
        .N(BITS),
        .TABLES({BITS{ADD}})
    ) chain (
        .a(term),
        .b({BITS{1'b0}}),
        .c(acc),
        .d({BITS{clr}}),
        .s(next)
    );
  end

  always_ff @(posedge clk) if (en) acc <= next;
endmodule
