// Sends frames: header, payload and checksum, with SLIP's escapes.
//
//   clk            in,  1            clock
//   rst            in,  1            synchronous reset
//   start          in,  1            send a frame; kind, number and length hold until done
//   kind           in,  8            its kind
//   number         in,  8            its number
//   length         in,  LENGTH_BITS  bytes of its payload, at least 1
//   payload_data   in,  8            the next byte of its payload
//   payload_valid  in,  1            there is one
//   payload_taken  out, 1            it is taken at this clock edge
//   done           out, 1            the frame's last byte is taken at this clock edge
//   byte_data      out, 8            a byte for the line
//   byte_valid     out, 1            there is one
//   byte_ready     in,  1            it is taken at this clock edge; ten cycles apart at least
module bf_frame_tx #(
    parameter int LENGTH_BITS = 8,
    parameter int HEADER_BYTES = 6,
    parameter int CRC_BYTES = 4,
    parameter bit [31:0] CRC_POLYNOMIAL = 32'hEDB88320,
    parameter bit [7:0] END = 8'hC0,
    parameter bit [7:0] ESC = 8'hDB,
    parameter bit [7:0] ESC_END = 8'hDC,
    parameter bit [7:0] ESC_ESC = 8'hDD
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        start,
    input  wire [7:0] kind,
    input  wire [ 7:0] number,
    input  wire [LENGTH_BITS-1:0] length,
    input  wire [ 7:0] payload_data,
    input  wire        payload_valid,
    output wire        payload_taken,
    output wire        done,
    output wire [ 7:0] byte_data,
    output wire        byte_valid,
    input  wire        byte_ready
);
  typedef enum logic [2:0] {
    IDLE,
    OPEN,
    HEADER,
    PAYLOAD,
    CRC,
    CLOSE
  } state_t;
  state_t state;
  reg [2:0] index;  // of a byte in header or checksum
  reg [LENGTH_BITS-1:0] left;  // bytes of the payload still to be taken
  reg escaping;  // ESC is gone, its byte is not
  wire [31:0] crc;

  wire [HEADER_BYTES*8-1:0] header = {32'(length), number, kind};
  wire [CRC_BYTES*8-1:0] checksum = ~crc;
  wire [7:0] header_byte = header[index*8+:8];
  wire [7:0] checksum_byte = checksum[index*8+:8];
  wire [7:0] plain = state == HEADER ? header_byte : state == PAYLOAD ? payload_data : checksum_byte;
  wire is_mark = state == OPEN || state == CLOSE;
  wire is_special = plain == END || plain == ESC;

  assign byte_data = is_mark ? END
      : !is_special ? plain
      : !escaping ? ESC
      : plain == END ? ESC_END : ESC_ESC;
  assign byte_valid = state != IDLE && (state != PAYLOAD || payload_valid);
  wire sent = byte_valid && byte_ready;
  wire taken = sent && !is_mark && (!is_special || escaping);  // a whole plain byte
  assign payload_taken = taken && state == PAYLOAD;
  assign done = sent && state == CLOSE;

  bf_crc #(
      .BITS(32),
      .POLYNOMIAL(CRC_POLYNOMIAL)
  ) sum (
      .clk(clk),
      .clr(state == OPEN),
      .byte_data(plain),
      .byte_valid(taken && state != CRC),
      .crc(crc)
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
      escaping <= 1'b0;
    end else begin
      if (sent) escaping <= !is_mark && is_special && !escaping;
      if (taken) index <= index + 1'b1;
      case (state)
        IDLE: if (start) state <= OPEN;
        OPEN: begin
          index <= '0;
          left  <= length;
          if (sent) state <= HEADER;
        end
        HEADER: if (taken && index == 3'(HEADER_BYTES - 1)) state <= PAYLOAD;
        PAYLOAD: begin
          if (taken) left <= left - 1'b1;
          if (taken && left == LENGTH_BITS'(1)) begin
            state <= CRC;
            index <= '0;
          end
        end
        CRC: if (taken && index == 3'(CRC_BYTES - 1)) state <= CLOSE;
        default: if (sent) state <= IDLE;
      endcase
    end
  end
endmodule
