// Data width converters: between streams whose words hold different numbers of elements. Elements
// keep their order, the first in the low bits. A wide word takes as many clock edges as it has parts,
// and none is lost between words.
//
//   clk        in,  1  clock
//   rst        in,  1  synchronous reset, active high
//   in_data    in      stream in
//   in_valid   in,  1
//   in_ready   out, 1
//   out_data   out     stream out
//   out_valid  out, 1
//   out_ready  in,  1

// Collects RATIO words of BITS. The wide word comes one clock edge after its last part.
module bf_widen #(
    parameter int BITS  = 8,
    parameter int RATIO = 2
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire [      BITS-1:0] in_data,
    input  wire                  in_valid,
    output wire                  in_ready,
    output wire [RATIO*BITS-1:0] out_data,
    output wire                  out_valid,
    input  wire                  out_ready
);
  reg [RATIO*BITS-1:0] parts;
  reg [$clog2(RATIO)-1:0] part;
  reg is_whole;
  wire is_last = part == RATIO - 1;
  wire step = in_valid && in_ready;
  assign out_data  = parts;
  assign out_valid = is_whole;
  assign in_ready  = !is_whole || out_ready;
  always_ff @(posedge clk) if (step) parts <= {in_data, parts[RATIO*BITS-1:BITS]};
  always_ff @(posedge clk) begin
    if (rst) begin
      part <= '0;
      is_whole <= 1'b0;
    end else begin
      if (step) part <= is_last ? '0 : part + 1'b1;
      if (in_ready) is_whole <= step && is_last;
    end
  end
endmodule

// Splits a word into RATIO words of BITS. The first comes one clock edge after the wide word.
module bf_narrow #(
    parameter int BITS  = 8,
    parameter int RATIO = 2
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire [RATIO*BITS-1:0] in_data,
    input  wire                  in_valid,
    output wire                  in_ready,
    output wire [      BITS-1:0] out_data,
    output wire                  out_valid,
    input  wire                  out_ready
);
  reg [RATIO*BITS-1:0] parts;
  reg [$clog2(RATIO)-1:0] part;
  reg is_full;
  wire is_last = part == RATIO - 1;
  assign out_data  = parts[BITS-1:0];
  assign out_valid = is_full;
  assign in_ready  = !is_full || (out_ready && is_last);
  always_ff @(posedge clk) begin
    if (in_ready) parts <= in_data;
    else if (out_ready) parts <= {parts[BITS-1:0], parts[RATIO*BITS-1:BITS]};
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      part <= '0;
      is_full <= 1'b0;
    end else begin
      if (is_full && out_ready) part <= is_last ? '0 : part + 1'b1;
      if (in_ready) is_full <= in_valid;
    end
  end
endmodule
