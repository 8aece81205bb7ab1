// Delays a value by STAGES clock edges; 0 is a wire.
//
//   clk  in,  1
//   x    in,  BITS
//   y    out, BITS
module bf_delay #(
    parameter int BITS = 1,
    parameter int STAGES = 1
) (
    input  wire            clk,
    input  wire [BITS-1:0] x,
    output wire [BITS-1:0] y
);
  if (STAGES == 0) begin : gen_wire
    assign y = x;
  end else begin : gen_register
    reg [BITS-1:0] stage;
    always_ff @(posedge clk) stage <= x;
    bf_delay #(
        .BITS(BITS),
        .STAGES(STAGES - 1)
    ) rest (
        .clk(clk),
        .x(stage),
        .y(y)
    );
  end
endmodule
