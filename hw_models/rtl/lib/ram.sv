// Memory with one write port and one read port, whose output is registered.
//
// A word must not be read at the clock edge that writes it.
//
//   clk            in,  1             clock
//   write          in,  1             write now
//   write_address  in,  ADDRESS_BITS
//   write_data     in,  BITS
//   read           in,  1             read now; else read_data stay
//   read_address   in,  ADDRESS_BITS
//   read_data      out, BITS          the word, one clock edge later
//
// STYLE chooses what it is made of: "block" RAM, "distributed" RAM in LUTs, or "registers".
module bf_ram #(
    parameter int DEPTH = 2,
    parameter int BITS = 8,
    parameter STYLE = "registers",
    parameter int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                    clk,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] write_address,
    input  wire [        BITS-1:0] write_data,
    input  wire                    read,
    input  wire [ADDRESS_BITS-1:0] read_address,
    output reg  [        BITS-1:0] read_data
);
  if (STYLE == "block") begin : gen_block
    (* ram_style = "block", no_rw_check *)
    reg [BITS-1:0] words[DEPTH];
    always_ff @(posedge clk) if (write) words[write_address] <= write_data;
    always_ff @(posedge clk) if (read) read_data <= words[read_address];
  end else if (STYLE == "distributed") begin : gen_distributed
    (* ram_style = "distributed", no_rw_check *)
    reg [BITS-1:0] words[DEPTH];
    always_ff @(posedge clk) if (write) words[write_address] <= write_data;
    always_ff @(posedge clk) if (read) read_data <= words[read_address];
  end else begin : gen_registers
    (* ram_style = "registers" *)
    reg [BITS-1:0] words[DEPTH];
    always_ff @(posedge clk) if (write) words[write_address] <= write_data;
    always_ff @(posedge clk) if (read) read_data <= words[read_address];
  end
endmodule
