// Sends bytes over a UART: a start bit, eight data bits, low bit first, one stop bit.
//
// A bit lasts 2^PHASE_BITS / STEP clock cycles, a fraction too.
//
//   clk         in,  1  clock
//   rst         in,  1  synchronous reset
//   byte_data   in,  8  the byte to send
//   byte_valid  in,  1  there is one
//   byte_ready  out, 1  it is taken at this clock edge, if there is one
//   tx          out, 1  the line, high when idle
module bf_uart_tx #(
    parameter int PHASE_BITS = 24,
    parameter bit [PHASE_BITS-1:0] STEP = 1 << (PHASE_BITS - 4)
) (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] byte_data,
    input  wire       byte_valid,
    output wire       byte_ready,
    output reg        tx
);
  reg [8:0] rest;  // bits to send after this one
  reg [3:0] left;  // how many bits still begin or last
  reg [PHASE_BITS-1:0] phase;
  wire [PHASE_BITS:0] later = phase + STEP;

  assign byte_ready = left == 4'd0;

  always_ff @(posedge clk) begin
    if (rst) begin
      tx   <= 1'b1;
      left <= '0;
    end else if (byte_ready) begin
      phase <= '0;
      if (byte_valid) begin
        {rest, tx} <= {1'b1, byte_data, 1'b0};
        left <= 4'd10;
      end
    end else begin
      phase <= later[PHASE_BITS-1:0];
      if (later[PHASE_BITS]) begin
        {rest, tx} <= {1'b1, rest};
        left <= left - 1'b1;
      end
    end
  end
endmodule
