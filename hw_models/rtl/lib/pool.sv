// Maximum or exact sum of the codes in each window of an image; windows do not overlap.
//
// A pixel comes in FOLDS beats of LANES channels each. A window's result so far waits in a memory
// that holds a row of windows, and meets the next pixel two clock edges after that came in. What
// was computed in the last two beats is not in the memory yet and comes from registers.
//
//   clk        in,  1                  clock
//   rst        in,  1                  reset, synchronous
//   in_data    in,  LANES * CODE_BITS  stream of codes, NHWC
//   in_valid   in,  1
//   in_ready   out, 1
//   out_data   out, LANES * BITS       stream of codes or, with SUM, of sums in two's complement
//   out_valid  out, 1
//   out_ready  in,  1
//
// PADDED windows hang over the edges: padding adds nothing to a sum, and is never the maximum.
// STYLE is that of bf_ram.
module bf_pool #(
    parameter bit SUM = 0,
    parameter int LANES = 1,
    parameter int FOLDS = 1,
    parameter int CODE_BITS = 8,
    parameter int EXP = 0,
    parameter bit SIGNED = 1,
    parameter int FIXED_BITS = 8,
    parameter int BITS = 8,
    parameter int HEIGHT = 8,
    parameter int WIDTH = 8,
    parameter int KERNEL_HEIGHT = 2,
    parameter int KERNEL_WIDTH = 2,
    parameter int STRIDE_HEIGHT = 2,
    parameter int STRIDE_WIDTH = 2,
    parameter int TOP = 0,
    parameter int LEFT = 0,
    parameter int OUT_HEIGHT = 4,
    parameter int OUT_WIDTH = 4,
    parameter STYLE = "registers"
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire [LANES*CODE_BITS-1:0] in_data,
    input  wire                       in_valid,
    output wire                       in_ready,
    output wire [     LANES*BITS-1:0] out_data,
    output wire                       out_valid,
    input  wire                       out_ready
);
  localparam int DEPTH = OUT_WIDTH * FOLDS;
  localparam int ADDRESS = $clog2(DEPTH + FOLDS);  // counts on behind the last window
  localparam int WORD = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int FOLD_BITS = FOLDS > 1 ? $clog2(FOLDS) : 1;
  localparam int TERM_BITS = SUM ? FIXED_BITS : CODE_BITS;

  // Where the next beat belongs.
  reg [ADDRESS-1:0] address;
  wire [FOLD_BITS-1:0] fold;
  wire [1:0] covered, first, last, leaves, ends;  // in a row, in a column
  wire beat = in_valid && in_ready;
  wire is_last_fold = fold == FOLDS - 1;
  wire pixel = beat && is_last_fold;
  bf_fold_counter #(
      .FOLDS(FOLDS)
  ) count (
      .clk(clk),
      .rst(rst),
      .step(beat),
      .fold(fold)
  );
  bf_pool_axis #(
      .SIZE(WIDTH),
      .KERNEL(KERNEL_WIDTH),
      .STRIDE(STRIDE_WIDTH),
      .PAD(LEFT),
      .WINDOWS(OUT_WIDTH)
  ) columns (
      .clk(clk),
      .rst(rst),
      .step(pixel),
      .covered(covered[0]),
      .first(first[0]),
      .last(last[0]),
      .leaves(leaves[0]),
      .ends(ends[0])
  );
  bf_pool_axis #(
      .SIZE(HEIGHT),
      .KERNEL(KERNEL_HEIGHT),
      .STRIDE(STRIDE_HEIGHT),
      .PAD(TOP),
      .WINDOWS(OUT_HEIGHT)
  ) rows (
      .clk(clk),
      .rst(rst),
      .step(pixel && ends[0]),
      .covered(covered[1]),
      .first(first[1]),
      .last(last[1]),
      .leaves(leaves[1]),
      .ends(ends[1])
  );
  always_ff @(posedge clk) begin
    if (rst || (pixel && ends[0])) address <= '0;
    else if (beat) address <= address + (is_last_fold && !leaves[0] ? ADDRESS'(1 - FOLDS) : 1'b1);
  end

  // Stage 1 has the code, stage 2 its place or integer and the result so far.
  wire advance;
  reg valid1, valid2, first1, first2, last1, last2;
  reg [ADDRESS-1:0] address1, address2;
  reg [LANES*CODE_BITS-1:0] codes1;
  reg [LANES*TERM_BITS-1:0] terms2;
  wire [LANES*TERM_BITS-1:0] terms1;
  wire [LANES*BITS-1:0] kept2, next;
  always_ff @(posedge clk) begin
    if (rst) begin
      valid1 <= 1'b0;
      valid2 <= 1'b0;
    end else if (advance) begin
      valid1 <= in_valid && &covered;
      valid2 <= valid1;
    end
    if (advance) begin
      codes1 <= in_data;
      first1 <= &first;
      last1 <= &last;
      address1 <= address;
      terms2 <= terms1;
      first2 <= first1;
      last2 <= last1;
      address2 <= address1;
    end
  end

  // The last result, and the one before where that can be asked for so soon.
  reg [LANES*BITS-1:0] result3, result4;
  reg [ADDRESS-1:0] address3, address4;
  always_ff @(posedge clk) begin
    if (valid2 && advance) begin
      result3 <= next;
      address3 <= address2;
      result4 <= result3;
      address4 <= address3;
    end
  end
  if (DEPTH == 1) begin : gen_register
    assign kept2 = result3;
  end else begin : gen_memory
    wire [LANES*BITS-1:0] read1;
    reg [LANES*BITS-1:0] read2;
    bf_ram #(
        .DEPTH(DEPTH),
        .BITS(LANES * BITS),
        .STYLE(STYLE)
    ) partial (
        .clk(clk),
        .write(valid2 && advance),
        .write_address(address2[WORD-1:0]),
        .write_data(next),
        .read(advance),
        .read_address(address[WORD-1:0]),
        .read_data(read1)
    );
    always_ff @(posedge clk) if (advance) read2 <= read1;
    if (FOLDS > 2) begin : gen_in_time
      assign kept2 = read2;
    end else begin : gen_soon
      assign kept2 = address2 == address3 ? result3 : address2 == address4 ? result4 : read2;
    end
  end

  for (genvar i = 0; i < LANES; i++) begin : gen_lane
    wire [CODE_BITS-1:0] code = codes1[i*CODE_BITS+:CODE_BITS];
    wire [TERM_BITS-1:0] term = terms2[i*TERM_BITS+:TERM_BITS];
    wire [BITS-1:0] kept = kept2[i*BITS+:BITS];
    if (SUM) begin : gen_sum
      bf_fixed #(
          .CODE_BITS(CODE_BITS),
          .EXP(EXP),
          .SIGNED(SIGNED),
          .BITS(FIXED_BITS)
      ) fixed (
          .code(code),
          .value(terms1[i*TERM_BITS+:TERM_BITS])
      );
      wire [BITS+TERM_BITS-1:0] extended = {{BITS{SIGNED & term[TERM_BITS-1]}}, term};
      bf_gated_add #(
          .BITS(BITS)
      ) add (
          .x(extended[BITS-1:0]),
          .y(kept),
          .gate(!first2),
          .sum(next[i*BITS+:BITS])
      );
    end else begin : gen_maximum
      bf_order #(
          .BITS(CODE_BITS),
          .SIGNED(SIGNED),
          .SIGN_BESIDE(SIGNED && EXP > 0),
          .TO_PLACE(1)
      ) order (
          .x(code),
          .y(terms1[i*TERM_BITS+:TERM_BITS])
      );
      assign next[i*BITS+:BITS] = first2 || term > kept ? term : kept;
    end
  end

  // Results of whole windows.
  reg is_full;
  reg [LANES*BITS-1:0] results;
  assign advance = !(valid2 && last2) || !is_full || out_ready;
  assign in_ready = advance;
  assign out_valid = is_full;
  always_ff @(posedge clk) begin
    if (advance && valid2 && last2) results <= next;
    if (rst) is_full <= 1'b0;
    else if (advance && valid2 && last2) is_full <= 1'b1;
    else if (out_ready) is_full <= 1'b0;
  end
  for (genvar i = 0; i < LANES; i++) begin : gen_out
    if (SUM) begin : gen_sum
      assign out_data[i*BITS+:BITS] = results[i*BITS+:BITS];
    end else begin : gen_maximum
      bf_order #(
          .BITS(CODE_BITS),
          .SIGNED(SIGNED),
          .SIGN_BESIDE(SIGNED && EXP > 0)
      ) order (
          .x(results[i*BITS+:BITS]),
          .y(out_data[i*BITS+:BITS])
      );
    end
  end
endmodule
