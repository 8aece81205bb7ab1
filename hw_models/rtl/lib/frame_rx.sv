// Receives frames: undoes SLIP's escapes, reads the header, checks length and checksum.
//
// The payload of a RUN leaves as it comes, before the checksum is known: whoever takes it must be
// able to forget it. Everything else about a frame is said once, when its END has come.
//
//   clk            in,  1  clock
//   rst            in,  1  synchronous reset
//   byte_data      in,  8  a byte from the line
//   byte_valid     in,  1  it is new; at least nine cycles after the last
//   payload_data   out, 8  a byte of a RUN's payload
//   payload_valid  out, 1  it is new
//   start          out, 1  the first byte of a frame is new
//   done           out, 1  a frame is over; the following outputs hold in this cycle
//   kind           out, 8  its kind
//   number         out, 8  its number
//   refusal        out, 8  why it is bad, 0 if it is not
module bf_frame_rx #(
    parameter int IN_BYTES = 1,  // payload of a RUN
    parameter int HEADER_BYTES = 6,
    parameter int CRC_BYTES = 4,
    parameter bit [31:0] CRC_POLYNOMIAL = 32'hEDB88320,
    parameter bit [31:0] CRC_RESIDUE = 32'hDEBB20E3,
    parameter bit [7:0] END = 8'hC0,
    parameter bit [7:0] ESC = 8'hDB,
    parameter bit [7:0] ESC_END = 8'hDC,
    parameter bit [7:0] ESC_ESC = 8'hDD,
    parameter bit [7:0] IDENTIFY = 1,
    parameter bit [7:0] RUN = 2,
    parameter bit [7:0] STATUS = 3,
    parameter bit [7:0] DAMAGED = 1,
    parameter bit [7:0] COMMAND = 2,
    parameter bit [7:0] LENGTH = 3
) (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] byte_data,
    input  wire       byte_valid,
    output reg  [7:0] payload_data,
    output reg        payload_valid,
    output wire       start,
    output reg        done,
    output reg  [7:0] kind,
    output reg  [7:0] number,
    output reg  [7:0] refusal
);
  localparam int POSITION_BITS = $clog2(HEADER_BYTES + IN_BYTES + CRC_BYTES + 2);
  localparam bit [31:0] LENGTH_OF_RUN = IN_BYTES;

  reg [POSITION_BITS-1:0] position;  // bytes so far, without escapes; stops at all ones
  reg escaped, bad_escape, bad_length;
  wire [31:0] crc;

  // A plain byte of the frame.
  wire is_end = byte_data == END;
  wire is_esc = byte_data == ESC;
  wire take = byte_valid && !is_end && !is_esc;
  wire [7:0] plain = !escaped ? byte_data : byte_data == ESC_END ? END : ESC;

  wire is_run = kind == RUN;
  wire known = is_run || kind == IDENTIFY || kind == STATUS;
  wire [31:0] length = is_run ? LENGTH_OF_RUN : '0;
  wire [POSITION_BITS-1:0] length_of_frame = POSITION_BITS'(HEADER_BYTES + CRC_BYTES)
      + (is_run ? POSITION_BITS'(IN_BYTES) : POSITION_BITS'(0));
  wire in_length = position >= POSITION_BITS'(2) && position < POSITION_BITS'(HEADER_BYTES);
  wire [1:0] length_byte = position[1:0] - 2'd2;

  wire in_payload = position >= POSITION_BITS'(HEADER_BYTES)
      && position < POSITION_BITS'(HEADER_BYTES + IN_BYTES);
  wire damaged = bad_escape || escaped || crc != CRC_RESIDUE;
  wire is_empty = position == '0 && !bad_escape && !escaped;

  assign start = take && position == '0;

  bf_crc #(
      .BITS(32),
      .POLYNOMIAL(CRC_POLYNOMIAL)
  ) check (
      .clk(clk),
      .clr(rst || (byte_valid && is_end)),
      .byte_data(plain),
      .byte_valid(take),
      .busy(),
      .crc(crc)
  );

  always_ff @(posedge clk) begin
    payload_data <= plain;
    payload_valid <= take && is_run && in_payload;
    done <= !rst && byte_valid && is_end && !is_empty;
    refusal <= damaged ? DAMAGED : !known ? COMMAND
        : bad_length || position != length_of_frame ? LENGTH : 8'd0;
    if (start) begin
      kind   <= plain;
      number <= '0;
    end else if (take && position == POSITION_BITS'(1)) begin
      number <= plain;
    end
    if (rst || (byte_valid && is_end)) begin
      position <= '0;
      escaped <= 1'b0;
      bad_escape <= 1'b0;
      bad_length <= 1'b0;
    end else if (byte_valid) begin
      escaped <= is_esc;
      if (escaped && byte_data != ESC_END && byte_data != ESC_ESC) bad_escape <= 1'b1;
      if (take && !(&position)) position <= position + 1'b1;
      if (take && in_length && plain != length[length_byte*8+:8]) bad_length <= 1'b1;
    end
  end
endmodule
