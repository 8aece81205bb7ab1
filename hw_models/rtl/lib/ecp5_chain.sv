// One carry chain of ECP5 half slices: a LUT4 and one bit of carry logic each.
//
// Half slice i computes  s = f(a, b, c, d) ^ carry  and passes on  f ? carry : g(a, b),  where f is
// its table TABLES[16 i +: 16] and g the table's low quarter, that is f at c = d = 0. Tie d to 1 to
// choose f(a, b, c) and g(a, b) apart. A half slice with f = 0 reads the carry that reaches it and
// hands a fresh one, g, to its successor: several sums can share a chain.
//
//   a, b, c, d  in,  N  LUT inputs of every half slice
//   s           out, N  sum bits
module bf_ecp5_chain #(
    parameter int N = 2,
    parameter logic [16*N-1:0] TABLES = '0
) (
    input  wire [N-1:0] a,
    input  wire [N-1:0] b,
    input  wire [N-1:0] c,
    input  wire [N-1:0] d,
    output wire [N-1:0] s
);
  localparam int SLICES = (N + 1) / 2;
  localparam logic [32*SLICES-1:0] INIT = TABLES;

  wire [2*SLICES-1:0] a_even = a, b_even = b, c_even = c, d_even = d, s_even;
  wire [SLICES:0] carry;
  assign carry[0] = 1'b0;
  assign s = s_even[N-1:0];

  for (genvar i = 0; i < SLICES; i++) begin : gen_slice
    CCU2C #(
        .INIT0(INIT[32*i+:16]),
        .INIT1(INIT[32*i+16+:16]),
        .INJECT1_0("NO"),
        .INJECT1_1("NO")
    ) slice (
        .CIN(carry[i]),
        .A0(a_even[2*i]),
        .B0(b_even[2*i]),
        .C0(c_even[2*i]),
        .D0(d_even[2*i]),
        .A1(a_even[2*i+1]),
        .B1(b_even[2*i+1]),
        .C1(c_even[2*i+1]),
        .D1(d_even[2*i+1]),
        .S0(s_even[2*i]),
        .S1(s_even[2*i+1]),
        .COUT(carry[i+1])
    );
  end
endmodule
