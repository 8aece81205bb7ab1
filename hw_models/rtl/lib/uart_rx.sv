// Receives bytes over a UART: a start bit, eight data bits, low bit first, one stop bit.
//
// A bit lasts 2^PHASE_BITS / STEP clock cycles, a fraction too. A byte without its stop bit is
// dropped, and nothing is received until the line is high again.
//
//   clk         in,  1  clock
//   rst         in,  1  synchronous reset
//   rx          in,  1  the line, of no clock; high when idle
//   byte_data   out, 8  the byte received
//   byte_valid  out, 1  it is new in this cycle
module bf_uart_rx #(
    parameter int PHASE_BITS = 24,
    parameter bit [PHASE_BITS-1:0] STEP = 1 << (PHASE_BITS - 4)
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       rx,
    output reg  [7:0] byte_data,
    output reg        byte_valid
);
  localparam bit [PHASE_BITS-1:0] HALF = 1 << (PHASE_BITS - 1);

  wire line;
  reg busy, broken;
  reg [3:0] bits;  // received, the start bit included
  reg [PHASE_BITS-1:0] phase;
  wire [PHASE_BITS:0] later = phase + STEP;
  wire middle = later[PHASE_BITS];  // of a bit

  bf_synchronise #(
      .INITIAL(1)
  ) synchronise (
      .clk(clk),
      .x(rx),
      .y(line)
  );

  always_ff @(posedge clk) begin
    byte_valid <= 1'b0;
    if (rst) begin
      busy   <= 1'b0;
      broken <= 1'b1;
    end else if (!busy) begin
      phase <= HALF;
      bits  <= '0;
      if (line) broken <= 1'b0;
      else if (!broken) busy <= 1'b1;
    end else begin
      phase <= later[PHASE_BITS-1:0];
      if (middle) begin
        bits <= bits + 1'b1;
        if (bits == 4'd0) busy <= !line;  // a glitch is no start bit
        else if (bits <= 4'd8) byte_data <= {line, byte_data[7:1]};
        else begin
          busy <= 1'b0;
          broken <= !line;
          byte_valid <= line;
        end
      end
    end
  end
endmodule
