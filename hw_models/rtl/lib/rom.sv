// Memory with constant contents and a registered output.
//
//   clk      in,  1             clock
//   address  in,  ADDRESS_BITS  word to read; not used if there is one word
//   data     out, BITS          that word, one clock edge later; always there if it is the only one
//
// FILE holds a word a line in hexadecimal, for $readmemh. BLOCK chooses block RAM, else logic.
module bf_rom #(
    parameter int DEPTH = 2,
    parameter int BITS = 8,
    parameter FILE = "",
    parameter bit BLOCK = 0,
    parameter int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                    clk,
    input  wire [ADDRESS_BITS-1:0] address,
    output wire [        BITS-1:0] data
);
  if (DEPTH == 1) begin : gen_constant
    reg [BITS-1:0] words[1];
    if (FILE != "") initial $readmemh(FILE, words);
    assign data = words[0];
  end else if (BLOCK) begin : gen_block
    (* rom_style = "block" *)
    reg [BITS-1:0] words[DEPTH];
    reg [BITS-1:0] q;
    if (FILE != "") initial $readmemh(FILE, words);
    always_ff @(posedge clk) q <= words[address];
    assign data = q;
  end else begin : gen_logic
    (* rom_style = "logic" *)
    reg [BITS-1:0] words[DEPTH];
    reg [BITS-1:0] q;
    if (FILE != "") initial $readmemh(FILE, words);
    always_ff @(posedge clk) q <= words[address];
    assign data = q;
  end
endmodule
