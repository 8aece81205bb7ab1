// What rtl/lib/xilinx_chain.sv computes, for simulators: a sum of two numbers in place of carry
// cells; and the LUTs that other files of the style instantiate (UG953: LUT6, LUT6_2).
//
// With p = o6 and generate = ~o6 & o5 in every bit, the chain is the adder of (p | generate),
// generate and the carry into it. Parameters and ports as there.
module bf_xilinx_chain #(
    parameter int N = 4,
    parameter logic [64*N-1:0] TABLES = '0,
    parameter bit INVERSE = 0
) (
    input  wire [N-1:0] i0,
    input  wire [N-1:0] i1,
    input  wire [N-1:0] i2,
    input  wire [N-1:0] i3,
    input  wire [N-1:0] i4,
    input  wire [N-1:0] i5,
    input  wire         cin,
    output wire [N-1:0] s,
    output wire [N-1:0] cout,
    output wire         inverse
);
  wire [N-1:0] o5, o6;
  for (genvar i = 0; i < N; i++) begin : gen_lut
    LUT6_2 #(
        .INIT(TABLES[64*i+:64])
    ) lut (
        .I0(i0[i]),
        .I1(i1[i]),
        .I2(i2[i]),
        .I3(i3[i]),
        .I4(i4[i]),
        .I5(i5[i]),
        .O6(o6[i]),
        .O5(o5[i])
    );
  end
  wire [N-1:0] generates = ~o6 & o5;
  wire [N:0] sum = {1'b0, o6 | generates} + {1'b0, generates} + (N + 1)'(cin);
  wire [N:0] carries = {sum[N], s ^ o6};
  assign s = sum[N-1:0];
  assign cout = carries[N:1];
  assign inverse = INVERSE && !sum[N];
endmodule

module LUT6_2 #(
    parameter logic [63:0] INIT = '0
) (
    input  wire I0,
    input  wire I1,
    input  wire I2,
    input  wire I3,
    input  wire I4,
    input  wire I5,
    output wire O6,
    output wire O5
);
  assign O6 = INIT[{I5, I4, I3, I2, I1, I0}];
  assign O5 = INIT[{1'b0, I4, I3, I2, I1, I0}];
endmodule

module LUT6 #(
    parameter logic [63:0] INIT = '0
) (
    input  wire I0,
    input  wire I1,
    input  wire I2,
    input  wire I3,
    input  wire I4,
    input  wire I5,
    output wire O
);
  assign O = INIT[{I5, I4, I3, I2, I1, I0}];
endmodule
