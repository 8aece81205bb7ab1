// FIFO that holds DEPTH words. No path leads through it.
//
// A word comes out one clock edge after it went in, or two if DEPTH is above 2. With a depth of 1 a
// word is taken every other clock edge, else at every one.
//
//   clk        in,  1     clock
//   rst        in,  1     synchronous reset, active high
//   in_data    in,  BITS  stream in
//   in_valid   in,  1
//   in_ready   out, 1
//   out_data   out, BITS  stream out
//   out_valid  out, 1
//   out_ready  in,  1
//
// STYLE is that of bf_ram; up to two words are always registers. DEPTH 0 is wires.
module bf_fifo #(
    parameter int DEPTH = 2,
    parameter int BITS = 8,
    parameter STYLE = "registers"
) (
    input  wire            clk,
    input  wire            rst,
    input  wire [BITS-1:0] in_data,
    input  wire            in_valid,
    output wire            in_ready,
    output wire [BITS-1:0] out_data,
    output wire            out_valid,
    input  wire            out_ready
);
  if (DEPTH == 0) begin : gen_wires
    assign out_data = in_data;
    assign out_valid = in_valid;
    assign in_ready = out_ready;
  end else if (DEPTH == 1) begin : gen_register
    reg [BITS-1:0] word;
    reg is_full;
    assign out_data = word;
    assign out_valid = is_full;
    assign in_ready = !is_full;
    always_ff @(posedge clk) if (!is_full) word <= in_data;
    always_ff @(posedge clk) begin
      if (rst) is_full <= 1'b0;
      else is_full <= is_full ? !out_ready : in_valid;
    end
  end else if (DEPTH == 2) begin : gen_pair
    // `first` leaves next; `second` takes a word where the first one has to wait.
    reg [BITS-1:0] first, second;
    reg has_first, has_second;
    wire moves = !has_first || out_ready;
    assign out_data = first;
    assign out_valid = has_first;
    assign in_ready = !has_second;
    always_ff @(posedge clk) begin
      if (moves) first <= has_second ? second : in_data;
      if (!has_second) second <= in_data;
    end
    always_ff @(posedge clk) begin
      if (rst) begin
        has_first  <= 1'b0;
        has_second <= 1'b0;
      end else if (moves) begin
        has_first  <= has_second || in_valid;
        has_second <= 1'b0;
      end else if (in_valid) begin
        has_second <= 1'b1;
      end
    end
  end else begin : gen_memory
    // The memory's output register is the last of the words.
    localparam int WORDS = DEPTH - 1;
    localparam int ADDRESS_BITS = $clog2(WORDS);
    reg [ADDRESS_BITS-1:0] write_address, read_address;
    reg [$clog2(WORDS+1)-1:0] stored;
    reg is_loaded;
    wire write = in_valid && in_ready;
    wire moves = !is_loaded || out_ready;
    wire read = moves && stored != 0;
    assign in_ready = stored != WORDS;
    assign out_valid = is_loaded;
    bf_ram #(
        .DEPTH(WORDS),
        .BITS(BITS),
        .STYLE(STYLE)
    ) memory (
        .clk(clk),
        .write(write),
        .write_address(write_address),
        .write_data(in_data),
        .read(read),
        .read_address(read_address),
        .read_data(out_data)
    );
    always_ff @(posedge clk) begin
      if (rst) begin
        write_address <= '0;
        read_address <= '0;
        stored <= '0;
        is_loaded <= 1'b0;
      end else begin
        if (write) write_address <= write_address == WORDS - 1 ? '0 : write_address + 1'b1;
        if (read) read_address <= read_address == WORDS - 1 ? '0 : read_address + 1'b1;
        if (write != read) stored <= write ? stored + 1'b1 : stored - 1'b1;
        if (moves) is_loaded <= read;
      end
    end
  end
endmodule
