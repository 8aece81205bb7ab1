// Cyclic redundancy check of a stream of bytes, low bit first, one bit a clock: eight cycles a byte.
//
//   clk         in,  1     clock
//   clr         in,  1     start afresh: all ones
//   byte_data   in,  8     the byte
//   byte_valid  in,  1     take it; not while the last one is busy
//   busy        out, 1     the last byte is not yet in crc
//   crc         out, BITS  the register
module bf_crc #(
    parameter int BITS = 32,
    parameter bit [BITS-1:0] POLYNOMIAL = 32'hEDB88320  // bits reversed
) (
    input  wire            clk,
    input  wire            clr,
    input  wire [     7:0] byte_data,
    input  wire            byte_valid,
    output wire            busy,
    output reg  [BITS-1:0] crc
);
  reg [7:0] rest;
  reg [3:0] left = '0;
  wire out = crc[0] ^ rest[0];
  assign busy = left != 4'd0;

  always_ff @(posedge clk) begin
    if (byte_valid) begin
      rest <= byte_data;
      left <= 4'd8;
    end else if (busy) begin
      rest <= {1'b0, rest[7:1]};
      left <= left - 1'b1;
      crc  <= {1'b0, crc[BITS-1:1]} ^ (out ? POLYNOMIAL : '0);
    end
    if (clr) crc <= '1;
  end
endmodule
