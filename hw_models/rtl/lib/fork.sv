// Gives one stream to several sinks. Each takes a word when it can; the next word follows when all
// have taken it.
//
//   clk        in,  1      clock
//   rst        in,  1      synchronous reset, active high
//   in_data    in,  BITS   stream in
//   in_valid   in,  1
//   in_ready   out, 1
//   out_data   out, BITS   the word for all sinks
//   out_valid  out, SINKS  a bit for each sink
//   out_ready  in,  SINKS
module bf_fork #(
    parameter int BITS = 8,
    parameter int SINKS = 2
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [ BITS-1:0] in_data,
    input  wire             in_valid,
    output wire             in_ready,
    output wire [ BITS-1:0] out_data,
    output wire [SINKS-1:0] out_valid,
    input  wire [SINKS-1:0] out_ready
);
  reg  [SINKS-1:0] has_taken;
  wire [SINKS-1:0] is_done = has_taken | out_ready;

  assign in_ready  = &is_done;
  assign out_data  = in_data;
  assign out_valid = {SINKS{in_valid}} & ~has_taken;

  always_ff @(posedge clk) begin
    if (rst) has_taken <= '0;
    else if (in_valid) has_taken <= in_ready ? '0 : is_done;
  end
endmodule
