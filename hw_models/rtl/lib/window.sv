// Sliding window: turns an image into the input vectors of a convolution.
//
// Pixels come row by row, each in GROUPS words of LANES elements. They are written into a circular
// buffer of PIXELS pixels, while windows are read from it: a beat holds TAPS pixels of the window,
// in the order of the kernel's rows. A pixel outside the image is code 0. The buffer goes on from
// one frame to the next, so that no clock edge is lost between them.
//
// Order of a window's beats: for each TAPS taps all groups, elements (tap, channel); if DEPTHWISE,
// for each group all taps, elements (channel, tap).
//
//   clk        in,  1                    clock
//   rst        in,  1                    synchronous reset, active high
//   in_data    in,  LANES * BITS         stream of pixels
//   in_valid   in,  1
//   in_ready   out, 1
//   out_data   out, TAPS * LANES * BITS  stream of windows
//   out_valid  out, 1
//   out_ready  in,  1
//
// PIXELS is a power of two. POINTER_BITS hold, in two's complement, all distances between pixels
// that meet here.
module bf_window #(
    parameter int BITS = 8,
    parameter int LANES = 1,
    parameter int GROUPS = 1,
    parameter int TAPS = 1,
    parameter bit DEPTHWISE = 0,
    parameter int HEIGHT = 8,
    parameter int WIDTH = 8,
    parameter int OUT_HEIGHT = 8,
    parameter int OUT_WIDTH = 8,
    parameter int KERNEL_HEIGHT = 3,
    parameter int KERNEL_WIDTH = 3,
    parameter int STRIDE_DOWN = 1,
    parameter int STRIDE_RIGHT = 1,
    parameter int DILATION_DOWN = 1,
    parameter int DILATION_RIGHT = 1,
    parameter int PAD_TOP = 1,
    parameter int PAD_LEFT = 1,
    parameter bit IS_PADDED = 1,
    parameter int PIXELS = 32,
    parameter int POINTER_BITS = 8,
    parameter STYLE = "block"
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire [     LANES*BITS-1:0] in_data,
    input  wire                       in_valid,
    output wire                       in_ready,
    output wire [TAPS*LANES*BITS-1:0] out_data,
    output wire                       out_valid,
    input  wire                       out_ready
);
  localparam int FOLDS = KERNEL_HEIGHT * KERNEL_WIDTH / TAPS;
  localparam int FOLD_BITS = FOLDS > 1 ? $clog2(FOLDS) : 1;
  localparam int GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam int ROW_BITS = $clog2(HEIGHT + KERNEL_HEIGHT * DILATION_DOWN + STRIDE_DOWN) + 1;
  localparam int COLUMN_BITS = $clog2(WIDTH + KERNEL_WIDTH * DILATION_RIGHT + STRIDE_RIGHT) + 1;
  localparam int X_BITS = OUT_WIDTH > 1 ? $clog2(OUT_WIDTH) : 1;
  localparam int Y_BITS = OUT_HEIGHT > 1 ? $clog2(OUT_HEIGHT) : 1;
  localparam int PIXEL_BITS = $clog2(PIXELS);
  localparam int ADDRESS_BITS = PIXEL_BITS + (GROUPS > 1 ? GROUP_BITS : 0);

  // Steps of the window's first pixel, in pixels of the stream, and the distance to its last one.
  localparam int TO_RIGHT = STRIDE_RIGHT;
  localparam int TO_ROW = STRIDE_DOWN * WIDTH - (OUT_WIDTH - 1) * STRIDE_RIGHT;
  localparam int TO_FRAME = HEIGHT * WIDTH - (OUT_HEIGHT - 1) * STRIDE_DOWN * WIDTH
      - (OUT_WIDTH - 1) * STRIDE_RIGHT;
  localparam int START = -(PAD_TOP * WIDTH + PAD_LEFT);
  localparam int SPAN = (KERNEL_HEIGHT - 1) * DILATION_DOWN * WIDTH
      + (KERNEL_WIDTH - 1) * DILATION_RIGHT;

  // Pixels are counted over all frames: those written, the first of the window, which is the first
  // still to be read, and the end of the frame that is read.
  reg signed [POINTER_BITS-1:0] written, first, frame_end;
  wire signed [POINTER_BITS-1:0] beyond_first = written - first;
  wire signed [POINTER_BITS-1:0] beyond_frame = written - frame_end;

  // Writing.
  reg [GROUP_BITS-1:0] in_group;
  wire in_step = in_valid && in_ready;
  wire is_last_in_group = in_group == GROUPS - 1;
  assign in_ready = beyond_first < PIXELS;
  always_ff @(posedge clk) begin
    if (rst) begin
      in_group <= '0;
      written  <= '0;
    end else if (in_step) begin
      in_group <= is_last_in_group ? '0 : in_group + 1'b1;
      if (is_last_in_group) written <= written + 1'b1;
    end
  end

  // Reading: one beat a clock edge, once the window's last pixel is there.
  reg [FOLD_BITS-1:0] fold;
  reg [GROUP_BITS-1:0] group;
  reg [X_BITS-1:0] x;
  reg [Y_BITS-1:0] y;
  reg is_valid;
  wire is_last_fold = fold == FOLDS - 1;
  wire is_last_group = group == GROUPS - 1;
  wire is_last_x = x == OUT_WIDTH - 1;
  wire is_last_y = y == OUT_HEIGHT - 1;
  wire moves = !is_valid || out_ready;
  wire step = moves && (beyond_first > SPAN || beyond_frame >= 0);
  wire window_step = step && is_last_fold && is_last_group;
  wire frame_step = window_step && is_last_x && is_last_y;
  assign out_valid = is_valid;
  always_ff @(posedge clk) begin
    if (rst) begin
      fold <= '0;
      group <= '0;
      x <= '0;
      y <= '0;
      first <= POINTER_BITS'(START);
      frame_end <= POINTER_BITS'(HEIGHT * WIDTH);
      is_valid <= 1'b0;
    end else begin
      if (moves) is_valid <= step;
      if (step && (DEPTHWISE || is_last_group)) fold <= is_last_fold ? '0 : fold + 1'b1;
      if (step && (!DEPTHWISE || is_last_fold)) group <= is_last_group ? '0 : group + 1'b1;
      if (window_step) begin
        x <= is_last_x ? '0 : x + 1'b1;
        if (is_last_x) y <= is_last_y ? '0 : y + 1'b1;
        first <= first + POINTER_BITS'(!is_last_x ? TO_RIGHT : !is_last_y ? TO_ROW : TO_FRAME);
      end
      if (frame_step) frame_end <= frame_end + POINTER_BITS'(HEIGHT * WIDTH);
    end
  end

  // Which of the kernel's rows and columns are inside the image.
  wire [KERNEL_HEIGHT-1:0] is_row_inside;
  wire [ KERNEL_WIDTH-1:0] is_column_inside;
  if (IS_PADDED) begin : gen_inside
    reg signed [   ROW_BITS-1:0] top;
    reg signed [COLUMN_BITS-1:0] left;
    always_ff @(posedge clk) begin
      if (rst) begin
        top  <= ROW_BITS'(-PAD_TOP);
        left <= COLUMN_BITS'(-PAD_LEFT);
      end else if (window_step) begin
        left <= is_last_x ? COLUMN_BITS'(-PAD_LEFT) : left + COLUMN_BITS'(STRIDE_RIGHT);
        if (is_last_x) top <= is_last_y ? ROW_BITS'(-PAD_TOP) : top + ROW_BITS'(STRIDE_DOWN);
      end
    end
    for (genvar i = 0; i < KERNEL_HEIGHT; i++) begin : gen_row
      wire signed [ROW_BITS-1:0] row = top + ROW_BITS'(i * DILATION_DOWN);
      assign is_row_inside[i] = row >= 0 && row < HEIGHT;
    end
    for (genvar i = 0; i < KERNEL_WIDTH; i++) begin : gen_column
      wire signed [COLUMN_BITS-1:0] column = left + COLUMN_BITS'(i * DILATION_RIGHT);
      assign is_column_inside[i] = column >= 0 && column < WIDTH;
    end
  end else begin : gen_all_inside
    assign is_row_inside = '1;
    assign is_column_inside = '1;
  end

  // One bank for each pixel of a beat; all hold the same, so that any pixels can be read at once.
  wire [ADDRESS_BITS-1:0] write_address;
  if (GROUPS > 1) begin : gen_group_address
    assign write_address = {written[PIXEL_BITS-1:0], in_group};
  end else begin : gen_pixel_address
    assign write_address = written[PIXEL_BITS-1:0];
  end
  for (genvar bank = 0; bank < TAPS; bank++) begin : gen_bank
    wire [FOLDS-1:0] is_inside;
    wire [FOLDS*PIXEL_BITS-1:0] offsets;
    for (genvar i = 0; i < FOLDS; i++) begin : gen_tap
      localparam int ROW = (i * TAPS + bank) / KERNEL_WIDTH;
      localparam int COLUMN = (i * TAPS + bank) % KERNEL_WIDTH;
      assign is_inside[i] = is_row_inside[ROW] && is_column_inside[COLUMN];
      assign offsets[i*PIXEL_BITS+:PIXEL_BITS] =
          PIXEL_BITS'(ROW * DILATION_DOWN * WIDTH + COLUMN * DILATION_RIGHT);
    end

    wire [PIXEL_BITS-1:0] pixel = first[PIXEL_BITS-1:0] + offsets[fold*PIXEL_BITS+:PIXEL_BITS];
    wire [ADDRESS_BITS-1:0] read_address;
    wire [LANES*BITS-1:0] stored;
    reg was_inside;
    if (GROUPS > 1) begin : gen_group_address
      assign read_address = {pixel, group};
    end else begin : gen_pixel_address
      assign read_address = pixel;
    end
    bf_ram #(
        .DEPTH(1 << ADDRESS_BITS),
        .BITS (LANES * BITS),
        .STYLE(STYLE)
    ) buffer (
        .clk(clk),
        .write(in_step),
        .write_address(write_address),
        .write_data(in_data),
        .read(moves),
        .read_address(read_address),
        .read_data(stored)
    );
    always_ff @(posedge clk) if (moves) was_inside <= is_inside[fold];

    wire [LANES*BITS-1:0] pixel_data = stored & {LANES * BITS{was_inside}};
    if (DEPTHWISE) begin : gen_channel_order
      for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
        assign out_data[(lane*TAPS+bank)*BITS+:BITS] = pixel_data[lane*BITS+:BITS];
      end
    end else begin : gen_tap_order
      assign out_data[bank*LANES*BITS+:LANES*BITS] = pixel_data;
    end
  end
endmodule
