// Table of constants, read on demand, with a register behind it.
//
//   clk      in,  1        clock
//   en       in,  1        read now
//   address  in,  ADDRESS  below DEPTH
//   data     out, BITS     the word, one clock edge later
//
// MEMORY names a file for $readmemh; STYLE is what the memory is made of: "block" or "logic".
module bf_table #(
    parameter int DEPTH = 16,
    parameter int BITS = 8,
    parameter int ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1,
    parameter MEMORY = "",
    parameter STYLE = "logic"
) (
    input  wire               clk,
    input  wire               en,
    input  wire [ADDRESS-1:0] address,
    output reg  [   BITS-1:0] data
);
  (* rom_style = STYLE *) reg [BITS-1:0] words[DEPTH];
  if (MEMORY != "") begin : gen_contents
    initial $readmemh(MEMORY, words);
  end
  always_ff @(posedge clk) if (en) data <= words[address];
endmodule
