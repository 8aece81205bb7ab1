// Where a pixel lies in the windows along one axis of an image. Windows do not overlap.
//
//   clk     in,  1  clock
//   rst     in,  1  reset, synchronous
//   step    in,  1  go on to the next pixel
//   covered out, 1  the pixel is in a window, not between two or behind the last
//   first   out, 1  it is the first pixel in its window
//   last    out, 1  it is the last pixel in its window
//   leaves  out, 1  the next pixel belongs to the next window
//   ends    out, 1  it is the last pixel of the image
//
// Pixels that padding adds are not there: the first window starts PAD pixels early.
module bf_pool_axis #(
    parameter int SIZE = 8,
    parameter int KERNEL = 2,
    parameter int STRIDE = 2,
    parameter int PAD = 0,
    parameter int WINDOWS = 4
) (
    input  wire clk,
    input  wire rst,
    input  wire step,
    output wire covered,
    output wire first,
    output wire last,
    output wire leaves,
    output wire ends
);
  localparam int END = (WINDOWS - 1) * STRIDE + KERNEL - PAD;
  localparam int PHASE_BITS = STRIDE > 1 ? $clog2(STRIDE) : 1;
  localparam int PIXEL_BITS = SIZE > 1 ? $clog2(SIZE) : 1;

  reg [PHASE_BITS-1:0] phase;  // within the stride
  reg [PIXEL_BITS-1:0] pixel;
  assign covered = (KERNEL >= STRIDE || phase < KERNEL) && (END >= SIZE || pixel < END);
  assign first = phase == 0 || (PAD > 0 && pixel == 0);
  assign last = phase == KERNEL - 1 || (END > SIZE && ends);
  assign leaves = phase == STRIDE - 1;
  assign ends = pixel == SIZE - 1;

  always_ff @(posedge clk) begin
    if (rst || (step && ends)) begin
      phase <= PAD;
      pixel <= '0;
    end else if (step) begin
      phase <= leaves ? '0 : phase + 1'b1;
      pixel <= pixel + 1'b1;
    end
  end
endmodule
