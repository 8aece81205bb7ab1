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
// PIXELS is a power of two.
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
    parameter int PIXELS = 32,
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
  localparam int X_BITS = OUT_WIDTH > 1 ? $clog2(OUT_WIDTH) : 1;
  localparam int Y_BITS = OUT_HEIGHT > 1 ? $clog2(OUT_HEIGHT) : 1;
  localparam int PIXEL_BITS = $clog2(PIXELS);
  localparam int ADDRESS_BITS = PIXEL_BITS + (GROUPS > 1 ? GROUP_BITS : 0);

  // In pixels of the stream: steps of the window's first pixel, its distance to the last one, and
  // where the first window starts.
  localparam int TO_RIGHT = STRIDE_RIGHT;
  localparam int TO_ROW = STRIDE_DOWN * WIDTH - (OUT_WIDTH - 1) * STRIDE_RIGHT;
  localparam int TO_FRAME = HEIGHT * WIDTH - (OUT_HEIGHT - 1) * STRIDE_DOWN * WIDTH
      - (OUT_WIDTH - 1) * STRIDE_RIGHT;
  localparam int SPAN = (KERNEL_HEIGHT - 1) * DILATION_DOWN * WIDTH
      + (KERNEL_WIDTH - 1) * DILATION_RIGHT;
  localparam int START = -(PAD_TOP * WIDTH + PAD_LEFT);
  localparam int FRAME = HEIGHT * WIDTH;
  localparam int SURPLUS_BITS = $clog2(PIXELS + 2 * (SPAN - START + (STRIDE_DOWN + 1) * WIDTH)) + 1;
  localparam int EXCESS_BITS = $clog2(PIXELS + FRAME) + 1;

  // Pixels written beyond those that the window needs, and beyond the frame that it belongs to: a
  // window that hangs over the image's end needs no more than the frame.
  reg signed [SURPLUS_BITS-1:0] surplus;
  reg signed [EXCESS_BITS-1:0] excess;
  wire is_window_there = !surplus[SURPLUS_BITS-1] || !excess[EXCESS_BITS-1];

  // Writing, until the place of the window's first pixel.
  reg [PIXEL_BITS-1:0] written;
  reg [GROUP_BITS-1:0] in_group;
  wire in_step = in_valid && in_ready;
  wire is_last_in_group = in_group == GROUPS - 1;
  wire pixel_step = in_step && is_last_in_group;
  assign in_ready = surplus < PIXELS - SPAN - 1;
  always_ff @(posedge clk) begin
    if (rst) begin
      in_group <= '0;
      written  <= '0;
    end else begin
      if (in_step) in_group <= is_last_in_group ? '0 : in_group + 1'b1;
      if (pixel_step) written <= written + 1'b1;
    end
  end

  // Reading, one beat a clock edge.
  reg [PIXEL_BITS-1:0] first;
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
  wire step = moves && is_window_there;
  wire window_step = step && is_last_fold && is_last_group;
  wire frame_step = window_step && is_last_x && is_last_y;
  wire signed [SURPLUS_BITS-1:0] stride =
      SURPLUS_BITS'(!is_last_x ? TO_RIGHT : !is_last_y ? TO_ROW : TO_FRAME);
  assign out_valid = is_valid;
  always_ff @(posedge clk) begin
    if (rst) begin
      fold <= '0;
      group <= '0;
      x <= '0;
      y <= '0;
      first <= PIXEL_BITS'(START);
      surplus <= SURPLUS_BITS'(-START - SPAN - 1);
      excess <= EXCESS_BITS'(-FRAME);
      is_valid <= 1'b0;
    end else begin
      if (moves) is_valid <= step;
      if (step && (DEPTHWISE || is_last_group)) fold <= is_last_fold ? '0 : fold + 1'b1;
      if (step && (!DEPTHWISE || is_last_fold)) group <= is_last_group ? '0 : group + 1'b1;
      if (window_step) begin
        x <= is_last_x ? '0 : x + 1'b1;
        if (is_last_x) y <= is_last_y ? '0 : y + 1'b1;
        first <= first + PIXEL_BITS'(stride);
      end
      surplus <= surplus - (window_step ? stride : '0) + SURPLUS_BITS'(pixel_step);
      excess <= excess - EXCESS_BITS'(frame_step ? FRAME : 0) + EXCESS_BITS'(pixel_step);
    end
  end

  // Which of the kernel's rows and columns are inside the image: those of windows from LOW to HIGH.
  wire [KERNEL_HEIGHT-1:0] is_row_inside;
  wire [ KERNEL_WIDTH-1:0] is_column_inside;
  for (genvar i = 0; i < KERNEL_HEIGHT; i++) begin : gen_row
    localparam int BEFORE = PAD_TOP - i * DILATION_DOWN;
    localparam int LOW = BEFORE > 0 ? (BEFORE + STRIDE_DOWN - 1) / STRIDE_DOWN : 0;
    localparam int HIGH = HEIGHT + BEFORE > 0 ? (HEIGHT + BEFORE - 1) / STRIDE_DOWN : -1;
    assign is_row_inside[i] = (LOW == 0 || y >= LOW) && (HIGH >= OUT_HEIGHT - 1 || int'(y) <= HIGH);
  end
  for (genvar i = 0; i < KERNEL_WIDTH; i++) begin : gen_column
    localparam int BEFORE = PAD_LEFT - i * DILATION_RIGHT;
    localparam int LOW = BEFORE > 0 ? (BEFORE + STRIDE_RIGHT - 1) / STRIDE_RIGHT : 0;
    localparam int HIGH = WIDTH + BEFORE > 0 ? (WIDTH + BEFORE - 1) / STRIDE_RIGHT : -1;
    assign is_column_inside[i] =
        (LOW == 0 || x >= LOW) && (HIGH >= OUT_WIDTH - 1 || int'(x) <= HIGH);
  end

  // One bank for each pixel of a beat; all hold the same, so that any pixels can be read at once.
  wire [ADDRESS_BITS-1:0] write_address;
  if (GROUPS > 1) begin : gen_group_address
    assign write_address = {written, in_group};
  end else begin : gen_pixel_address
    assign write_address = written;
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

    wire [PIXEL_BITS-1:0] pixel = first + offsets[fold*PIXEL_BITS+:PIXEL_BITS];
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
