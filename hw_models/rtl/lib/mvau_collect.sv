// Results of a matrix unit: keeps sums until they are taken, and grants room for those to come.
//
//   clk        in,  1     clock
//   rst        in,  1     synchronous reset, active high
//   claim      in,  1     sums are on their way; only while has_room
//   has_room   out, 1     there is a place for more
//   sums       in,  BITS  what the accumulators show
//   last       in,  1     the beat that completes the sums has reached the first multiplier
//   out_data   out, BITS  stream of sums
//   out_valid  out, 1
//   out_ready  in,  1
//
// The accumulators show a beat LATENCY clock edges after it reached the multipliers; in that cycle
// the sums are stored. With PLACES >= (cycles from claim to room again) / (beats per sum) the unit
// works without a break.
module bf_mvau_collect #(
    parameter int BITS = 64,
    parameter int LATENCY = 5,
    parameter int PLACES = 1,
    parameter STYLE = "registers"
) (
    input  wire            clk,
    input  wire            rst,
    input  wire            claim,
    output wire            has_room,
    input  wire [BITS-1:0] sums,
    input  wire            last,
    output wire [BITS-1:0] out_data,
    output wire            out_valid,
    input  wire            out_ready
);
  localparam int COUNT_BITS = $clog2(PLACES + 1);
  reg [COUNT_BITS-1:0] places;
  wire taken = out_valid && out_ready;
  assign has_room = places != 0;
  always_ff @(posedge clk) begin
    if (rst) places <= COUNT_BITS'(PLACES);
    else if (claim != taken) places <= taken ? places + 1'b1 : places - 1'b1;
  end

  wire are_whole;
  bf_control_delay #(
      .STAGES(LATENCY)
  ) wait_last (
      .clk(clk),
      .rst(rst),
      .x(last),
      .y(are_whole)
  );
  bf_fifo #(
      .DEPTH(PLACES),
      .BITS (BITS),
      .STYLE(STYLE)
  ) results (
      .clk(clk),
      .rst(rst),
      .in_data(sums),
      .in_valid(are_whole),
      .in_ready(),
      .out_data(out_data),
      .out_valid(out_valid),
      .out_ready(out_ready)
  );
endmodule
