// Data width converters: streams of IN_LANES elements a word to OUT_LANES elements a word. Elements
// keep their order, the first in the low bits. The wider word moves in one clock edge for each of
// its narrower ones, with none lost in between.
//
//   clk        in,  1                 clock
//   rst        in,  1                 synchronous reset, active high
//   in_data    in,  IN_LANES * BITS   stream in
//   in_valid   in,  1
//   in_ready   out, 1
//   out_data   out, OUT_LANES * BITS  stream out
//   out_valid  out, 1
//   out_ready  in,  1
//
// If neither number divides the other, words of their least common multiple stand in between.
module bf_dwc #(
    parameter int BITS = 8,
    parameter int IN_LANES = 1,
    parameter int OUT_LANES = 2,
    parameter int COMMON_LANES = OUT_LANES
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire [ IN_LANES*BITS-1:0] in_data,
    input  wire                      in_valid,
    output wire                      in_ready,
    output wire [OUT_LANES*BITS-1:0] out_data,
    output wire                      out_valid,
    input  wire                      out_ready
);
  wire [COMMON_LANES*BITS-1:0] data;
  wire valid, ready;

  bf_widen #(
      .BITS (IN_LANES * BITS),
      .RATIO(COMMON_LANES / IN_LANES)
  ) widen (
      .clk(clk),
      .rst(rst),
      .in_data(in_data),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .out_data(data),
      .out_valid(valid),
      .out_ready(ready)
  );
  bf_narrow #(
      .BITS (OUT_LANES * BITS),
      .RATIO(COMMON_LANES / OUT_LANES)
  ) narrow (
      .clk(clk),
      .rst(rst),
      .in_data(data),
      .in_valid(valid),
      .in_ready(ready),
      .out_data(out_data),
      .out_valid(out_valid),
      .out_ready(out_ready)
  );
endmodule

// Collects RATIO words; 1 is wires. The wide word comes one clock edge after its last part.
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
  if (RATIO == 1) begin : gen_wires
    assign out_data  = in_data;
    assign out_valid = in_valid;
    assign in_ready  = out_ready;
  end else begin : gen_parts
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
  end
endmodule

// Splits a word into RATIO words; 1 is wires. The first comes one clock edge after the wide word.
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
  if (RATIO == 1) begin : gen_wires
    assign out_data  = in_data;
    assign out_valid = in_valid;
    assign in_ready  = out_ready;
  end else begin : gen_parts
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
  end
endmodule
