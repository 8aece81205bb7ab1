// One carry chain of Xilinx LUTs: a LUT6_2 and one bit of carry logic each (xc7, xcup).
//
// Bit i computes  s = o6 ^ carry  and passes on  o6 ? carry : o5,  where o6 is its table
// TABLES[64 i +: 64] of i0 … i5, and o5 the same table at i5 = 0. Tie i5 to 1 to choose o6 and o5
// apart. All carries can be read.
//
//   i0 … i5  in,  N  LUT inputs of every bit
//   cin      in,  1  carry into bit 0
//   s        out, N  sum bits
//   cout     out, N  carry out of every bit
//   inverse  out, 1  with INVERSE the inverse of the last carry, by a further bit that needs no LUT
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
  localparam int QUADS = (N + 3 + int'(INVERSE)) / 4;

  wire [4*QUADS-1:0] select, data, sum, carry;
  assign s = sum[N-1:0];
  assign cout = carry[N-1:0];
  if (INVERSE) assign inverse = sum[N];
  else assign inverse = 1'b0;

  for (genvar i = 0; i < 4 * QUADS; i++) begin : gen_bit
    if (i < N) begin : gen_lut
      LUT6_2 #(
          .INIT(TABLES[64*i+:64])
      ) lut (
          .I0(i0[i]),
          .I1(i1[i]),
          .I2(i2[i]),
          .I3(i3[i]),
          .I4(i4[i]),
          .I5(i5[i]),
          .O6(select[i]),
          .O5(data[i])
      );
    end else begin : gen_unused
      assign select[i] = INVERSE && i == N;
      assign data[i] = 1'b0;
    end
  end

  for (genvar i = 0; i < QUADS; i++) begin : gen_carry
    if (i == 0) begin : gen_first
      CARRY4 quad (
          .CI(1'b0),
          .CYINIT(cin),
          .DI(data[3:0]),
          .S(select[3:0]),
          .O(sum[3:0]),
          .CO(carry[3:0])
      );
    end else begin : gen_next
      CARRY4 quad (
          .CI(carry[4*i-1]),
          .CYINIT(1'b0),
          .DI(data[4*i+:4]),
          .S(select[4*i+:4]),
          .O(sum[4*i+:4]),
          .CO(carry[4*i+:4])
      );
    end
  end
endmodule
