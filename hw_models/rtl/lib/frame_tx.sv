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
//   payload_ready  out, 1            it is taken at this clock edge, if there is one
//   done           out, 1            the frame is over, but for its last byte on the line
//   byte_data      out, 8            a byte for the line
//   byte_valid     out, 1            there is one
//   byte_ready     in,  1            it is taken at this clock edge, if there is one
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
    output wire        payload_ready,
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
  } part_t;
  part_t part;
  reg [2:0] index;  // of a byte in header or checksum
  reg [LENGTH_BITS-1:0] left;  // bytes of the payload still to be taken

  // One byte waits for the line; escapes are put in behind it.
  reg full, is_mark, escaping, fresh;
  reg [7:0] plain;
  wire is_special = !is_mark && (plain == END || plain == ESC);
  wire sent = full && byte_ready && (!is_special || escaping);
  assign byte_valid = full;
  assign byte_data = !is_special ? plain : !escaping ? ESC : plain == END ? ESC_END : ESC_ESC;

  // Where the next byte comes from.
  wire crc_busy;
  wire [31:0] crc;
  wire [HEADER_BYTES*8-1:0] header = {32'(length), number, kind};
  wire [CRC_BYTES*8-1:0] checksum = ~crc;
  wire can_take = !full && part != IDLE && (part != PAYLOAD || payload_valid)
      && (part != CRC || (!crc_busy && !fresh));
  assign payload_ready = !full && part == PAYLOAD;
  assign done = can_take && part == CLOSE;

  bf_crc #(
      .BITS(32),
      .POLYNOMIAL(CRC_POLYNOMIAL)
  ) sum (
      .clk(clk),
      .clr(part == OPEN),
      .byte_data(plain),
      .byte_valid(fresh),
      .busy(crc_busy),
      .crc(crc)
  );

  always_ff @(posedge clk) begin
    fresh <= can_take && (part == HEADER || part == PAYLOAD);
    if (can_take) begin
      is_mark <= part == OPEN || part == CLOSE;
      case (part)
        HEADER: plain <= header[index*8+:8];
        PAYLOAD: plain <= payload_data;
        CRC: plain <= checksum[index*8+:8];
        default: plain <= END;
      endcase
    end
    if (rst) begin
      full <= 1'b0;
      escaping <= 1'b0;
    end else begin
      if (can_take) full <= 1'b1;
      else if (sent) full <= 1'b0;
      if (full && byte_ready) escaping <= is_special && !escaping;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      part <= IDLE;
    end else if (part == IDLE) begin
      if (start) part <= OPEN;
    end else if (can_take) begin
      index <= index + 1'b1;
      case (part)
        OPEN: begin
          part  <= HEADER;
          index <= '0;
          left  <= length;
        end
        HEADER: if (index == 3'(HEADER_BYTES - 1)) part <= PAYLOAD;
        PAYLOAD: begin
          left <= left - 1'b1;
          if (left == LENGTH_BITS'(1)) begin
            part  <= CRC;
            index <= '0;
          end
        end
        CRC: if (index == 3'(CRC_BYTES - 1)) part <= CLOSE;
        default: part <= IDLE;
      endcase
    end
  end
endmodule
