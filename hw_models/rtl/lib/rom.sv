// Memory with constant contents and a registered output.
//
//   clk      in,  1             clock
//   en       in,  1             move on; not used if there is one word
//   address  in,  ADDRESS_BITS  word to read; not used if there is one word
//   data     out, BITS          that word, one clock edge later; two if there are several ROWS;
//                               always there if it is the only one
//
// BLOCK chooses block RAM, else logic. A deep memory has several ROWS of ROW_DEPTH words, a power of
// two, which stand side by side in the blocks: all are read and registered at once, and one is
// chosen behind the registers, because blocks are slow. FILE, hexadecimal for $readmemh, holds a
// word a line; of a deep memory those of all rows at one place, the first row's in the low bits.
module bf_rom #(
    parameter int DEPTH = 2,
    parameter int BITS = 8,
    parameter FILE = "",
    parameter bit BLOCK = 0,
    parameter int ROWS = 1,
    parameter int ROW_DEPTH = 2,
    parameter int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                    clk,
    input  wire                    en,
    input  wire [ADDRESS_BITS-1:0] address,
    output wire [        BITS-1:0] data
);
  if (DEPTH == 1) begin : gen_constant
    reg [BITS-1:0] words[1];
    if (FILE != "") initial $readmemh(FILE, words);
    assign data = words[0];
  end else if (ROWS > 1) begin : gen_rows
    localparam int ROW_BITS = $clog2(ROW_DEPTH);
    localparam int SELECT_BITS = ADDRESS_BITS - ROW_BITS;
    (* rom_style = "block" *)
    reg [ROWS*BITS-1:0] words[ROW_DEPTH];
    reg [ROWS*BITS-1:0] read, q;
    reg [SELECT_BITS-1:0] read_row, row;
    if (FILE != "") initial $readmemh(FILE, words);
    always_ff @(posedge clk) begin
      if (en) begin
        read <= words[address[ROW_BITS-1:0]];
        read_row <= address[ADDRESS_BITS-1:ROW_BITS];
        q <= read;
        row <= read_row;
      end
    end
    for (genvar i = 0; i < BITS; i++) begin : gen_bit
      wire [ROWS-1:0] column;
      for (genvar j = 0; j < ROWS; j++) begin : gen_row
        assign column[j] = q[j*BITS+i];
      end
      assign data[i] = column[row];
    end
  end else if (BLOCK) begin : gen_block
    (* rom_style = "block" *)
    reg [BITS-1:0] words[DEPTH];
    reg [BITS-1:0] q;
    if (FILE != "") initial $readmemh(FILE, words);
    always_ff @(posedge clk) if (en) q <= words[address];
    assign data = q;
  end else begin : gen_logic
    (* rom_style = "logic" *)
    reg [BITS-1:0] words[DEPTH];
    reg [BITS-1:0] q;
    if (FILE != "") initial $readmemh(FILE, words);
    always_ff @(posedge clk) if (en) q <= words[address];
    assign data = q;
  end
endmodule
