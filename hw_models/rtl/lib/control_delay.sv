// Delays control bits by STAGES clock edges, 0 after a reset.
//
//   clk  in,  1
//   rst  in,  1     synchronous reset, active high
//   x    in,  BITS
//   y    out, BITS
module bf_control_delay #(
    parameter int BITS = 1,
    parameter int STAGES = 1
) (
    input  wire            clk,
    input  wire            rst,
    input  wire [BITS-1:0] x,
    output wire [BITS-1:0] y
);
  if (STAGES == 0) begin : gen_wire
    assign y = x;
  end else begin : gen_register
    reg [BITS-1:0] stage;
    always_ff @(posedge clk) stage <= rst ? '0 : x;
    bf_control_delay #(
        .BITS(BITS),
        .STAGES(STAGES - 1)
    ) rest (
        .clk(clk),
        .rst(rst),
        .x(stage),
        .y(y)
    );
  end
endmodule
