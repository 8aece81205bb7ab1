// Holds input frames until they are known to be good, then hands them on as beats.
//
// Bytes are put together to beats, the low byte first. Those since the last commit are forgotten by
// rollback. Whoever writes sees to it that no more than FRAMES frames are inside.
//
//   clk        in,  1          clock
//   rst        in,  1          synchronous reset
//   in_data    in,  8          a byte of the frame
//   in_valid   in,  1          it is new
//   rollback   in,  1          forget the bytes since the last commit; before the first byte
//   commit     in,  1          they were BEATS beats, and are good
//   out_data   out, BEAT_BITS  a beat
//   out_valid  out, 1          there is one
//   out_ready  in,  1          it is taken at this clock edge, if there is one
module bf_frame_buffer #(
    parameter int BEAT_BITS = 8,
    parameter int BEATS = 1,
    parameter int FRAMES = 2
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [          7:0] in_data,
    input  wire                 in_valid,
    input  wire                 rollback,
    input  wire                 commit,
    output reg  [BEAT_BITS-1:0] out_data,
    output reg                  out_valid,
    input  wire                 out_ready
);
  localparam int BEAT_BYTES = (BEAT_BITS + 7) / 8;
  localparam int DEPTH = FRAMES * BEATS;
  localparam int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int COUNT_BITS = $clog2(FRAMES + 1);
  localparam int BEAT_COUNT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int BYTE_BITS = BEAT_BYTES > 1 ? $clog2(BEAT_BYTES) : 1;
  localparam bit [ADDRESS_BITS-1:0] LAST = ADDRESS_BITS'(DEPTH - 1);

  (* no_rw_check *) reg [BEAT_BITS-1:0] beats[DEPTH];
  reg [ADDRESS_BITS-1:0] write_at, committed, read_at;
  reg [COUNT_BITS-1:0] frames;  // committed, and not wholly read
  reg [BEAT_COUNT_BITS-1:0] read_beat;  // in its frame
  reg [BYTE_BITS-1:0] byte_at;
  reg [BEAT_BYTES*8-1:0] beat;  // its bytes so far, the newest on top
  wire [BEAT_BYTES*8-1:0] newer;
  wire is_last = byte_at == BYTE_BITS'(BEAT_BYTES - 1);
  wire write = in_valid && is_last;
  wire read = frames != '0 && (!out_valid || out_ready);
  wire read_frame = read && read_beat == BEAT_COUNT_BITS'(BEATS - 1);

  if (BEAT_BYTES == 1) begin : gen_byte
    assign newer = in_data;
  end else begin : gen_bytes
    assign newer = {in_data, beat[BEAT_BYTES*8-1:8]};
  end

  always_ff @(posedge clk) begin
    if (in_valid) beat <= newer;
    if (write) beats[write_at] <= newer[BEAT_BITS-1:0];
    if (rst) begin
      write_at  <= '0;
      committed <= '0;
      byte_at   <= '0;
    end else if (commit) begin
      committed <= write_at;
    end else if (rollback) begin
      write_at <= committed;
      byte_at  <= '0;
    end else if (in_valid) begin
      byte_at <= is_last ? '0 : byte_at + 1'b1;
      if (is_last) write_at <= write_at == LAST ? '0 : write_at + 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (read) out_data <= beats[read_at];
    if (rst) begin
      read_at   <= '0;
      read_beat <= '0;
      frames    <= '0;
      out_valid <= 1'b0;
    end else begin
      if (commit && !read_frame) frames <= frames + 1'b1;
      else if (!commit && read_frame) frames <= frames - 1'b1;
      if (read) read_at <= read_at == LAST ? '0 : read_at + 1'b1;
      if (read) read_beat <= read_frame ? '0 : read_beat + 1'b1;
      if (read) out_valid <= 1'b1;
      else if (out_ready) out_valid <= 1'b0;
    end
  end
endmodule
