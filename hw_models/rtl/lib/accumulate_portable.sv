// Accumulator, portable.
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
  wire [BITS+M_BITS-1:0] extended = {{BITS{M_SIGNED & m[M_BITS-1]}}, m};
  wire [BITS-1:0] term = extended[BITS-1:0];
  wire [BITS-1:0] kept = acc & {BITS{~clr}};
  wire [BITS-1:0] next;

  if (HAS_SIGN) begin : gen_sign
    wire unused;
    assign {next, unused} = {kept, 1'b1} + {term ^ {BITS{s}}, cin};
  end else begin : gen_plain
    assign next = kept + term;
  end

  always_ff @(posedge clk) if (en) acc <= next;
endmodule
