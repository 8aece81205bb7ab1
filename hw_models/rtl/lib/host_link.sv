// The board's end of the protocol: takes frames from a UART to an accelerator and results back.
//
// hw_models/protocol.py specifies the protocol and gives its constants. Input frames wait in a
// buffer until their checksum is known; results leave as the accelerator gives them.
//
//   clk        in,  1         clock
//   rst        in,  1         synchronous reset
//   rx         in,  1         UART, of no clock
//   tx         out, 1         UART
//   busy       out, 1         a frame is in flight
//   in_data    out, IN_BITS   a beat for the accelerator
//   in_valid   out, 1         there is one
//   in_ready   in,  1         it is taken at this clock edge, if there is one
//   out_data   in,  OUT_BITS  a beat of the accelerator
//   out_valid  in,  1         there is one
//   out_ready  out, 1         it is taken at this clock edge, if there is one
module bf_host_link #(
    parameter int IN_BITS = 8,
    parameter int IN_BEATS = 1,
    parameter int OUT_BITS = 8,
    parameter int OUT_BEATS = 1,
    parameter int PHASE_BITS = 24,
    parameter bit [PHASE_BITS-1:0] PHASE_STEP = 1 << (PHASE_BITS - 4),
    parameter int FRAMES_IN_FLIGHT = 2,  // a power of two
    parameter int HEADER_BYTES = 6,
    parameter int CRC_BYTES = 4,
    parameter bit [31:0] CRC_POLYNOMIAL = 32'hEDB88320,
    parameter bit [31:0] CRC_RESIDUE = 32'hDEBB20E3,
    parameter bit [7:0] END = 8'hC0,
    parameter bit [7:0] ESC = 8'hDB,
    parameter bit [7:0] ESC_END = 8'hDC,
    parameter bit [7:0] ESC_ESC = 8'hDD,
    parameter bit [7:0] IDENTIFY = 1,
    parameter bit [7:0] RUN = 2,
    parameter bit [7:0] STATUS = 3,
    parameter bit [7:0] IDENTITY = 8'h81,
    parameter bit [7:0] RESULT = 8'h82,
    parameter bit [7:0] STATE = 8'h83,
    parameter bit [7:0] REFUSAL = 8'h8F,
    parameter bit [7:0] DAMAGED = 1,
    parameter bit [7:0] COMMAND = 2,
    parameter bit [7:0] LENGTH = 3,
    parameter bit [7:0] BUSY = 4,
    parameter int IDENTITY_BYTES = 1,
    parameter bit [IDENTITY_BYTES*8-1:0] IDENTITY_PAYLOAD = '0
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                rx,
    output wire                tx,
    output wire                busy,
    output wire [ IN_BITS-1:0] in_data,
    output wire                in_valid,
    input  wire                in_ready,
    input  wire [OUT_BITS-1:0] out_data,
    input  wire                out_valid,
    output wire                out_ready
);
  localparam int BEAT_BYTES = (OUT_BITS + 7) / 8;
  localparam int IN_BYTES = (IN_BITS + 7) / 8 * IN_BEATS;
  localparam int OUT_BYTES = BEAT_BYTES * OUT_BEATS;
  localparam int STATE_BYTES = 5;
  localparam int GREATEST = OUT_BYTES > IDENTITY_BYTES ? OUT_BYTES : IDENTITY_BYTES;
  localparam int LENGTH_BITS = $clog2((GREATEST > STATE_BYTES ? GREATEST : STATE_BYTES) + 1);
  localparam int COUNT_BITS = $clog2(FRAMES_IN_FLIGHT + 1);
  localparam int PLACE_BITS = FRAMES_IN_FLIGHT > 1 ? $clog2(FRAMES_IN_FLIGHT) : 1;
  localparam int BYTE_BITS = BEAT_BYTES > 1 ? $clog2(BEAT_BYTES) : 1;
  localparam int INDEX_BITS = $clog2(IDENTITY_BYTES > STATE_BYTES ? IDENTITY_BYTES : STATE_BYTES);

  // From the line to the accelerator.
  wire [7:0] rx_data, frame_data, kind, number, refusal;
  wire rx_valid, frame_valid, start, done;
  reg room;  // for the frame that is coming in
  reg [COUNT_BITS-1:0] in_flight;
  wire is_run = kind == RUN;
  wire accept = done && refusal == '0 && is_run && room;
  wire result_done;
  assign busy = in_flight != '0;

  bf_uart_rx #(
      .PHASE_BITS(PHASE_BITS),
      .STEP(PHASE_STEP)
  ) receive_byte (
      .clk(clk),
      .rst(rst),
      .rx(rx),
      .byte_data(rx_data),
      .byte_valid(rx_valid)
  );
  bf_frame_rx #(
      .IN_BYTES(IN_BYTES),
      .HEADER_BYTES(HEADER_BYTES),
      .CRC_BYTES(CRC_BYTES),
      .CRC_POLYNOMIAL(CRC_POLYNOMIAL),
      .CRC_RESIDUE(CRC_RESIDUE),
      .END(END),
      .ESC(ESC),
      .ESC_END(ESC_END),
      .ESC_ESC(ESC_ESC),
      .IDENTIFY(IDENTIFY),
      .RUN(RUN),
      .STATUS(STATUS),
      .DAMAGED(DAMAGED),
      .COMMAND(COMMAND),
      .LENGTH(LENGTH)
  ) receive_frame (
      .clk(clk),
      .rst(rst),
      .byte_data(rx_data),
      .byte_valid(rx_valid),
      .payload_data(frame_data),
      .payload_valid(frame_valid),
      .start(start),
      .done(done),
      .kind(kind),
      .number(number),
      .refusal(refusal)
  );
  bf_frame_buffer #(
      .BEAT_BITS(IN_BITS),
      .BEATS(IN_BEATS),
      .FRAMES(FRAMES_IN_FLIGHT)
  ) buffer (
      .clk(clk),
      .rst(rst),
      .in_data(frame_data),
      .in_valid(frame_valid && room),
      .rollback(start),
      .commit(accept),
      .out_data(in_data),
      .out_valid(in_valid),
      .out_ready(in_ready)
  );

  // The numbers of the frames in flight, oldest first.
  reg [7:0] numbers[FRAMES_IN_FLIGHT];
  reg [PLACE_BITS-1:0] newest, oldest;
  always_ff @(posedge clk) begin
    if (accept) numbers[newest] <= number;
    if (rst) begin
      in_flight <= '0;
      newest <= '0;
      oldest <= '0;
    end else begin
      if (start) room <= in_flight != COUNT_BITS'(FRAMES_IN_FLIGHT);
      in_flight <= in_flight + (accept ? 1'b1 : 1'b0) - (result_done ? 1'b1 : 1'b0);
      if (accept) newest <= newest == PLACE_BITS'(FRAMES_IN_FLIGHT - 1) ? '0 : newest + 1'b1;
      if (result_done) oldest <= oldest == PLACE_BITS'(FRAMES_IN_FLIGHT - 1) ? '0 : oldest + 1'b1;
    end
  end

  // Other replies: one refusal and one answer may wait or be sent at a time.
  reg refusal_waits, answer_waits;
  reg [7:0] refusal_number, refusal_reason, answer_number, answer_kind;
  reg [STATE_BYTES*8-1:0] state_payload;
  reg [15:0] results, refusals;
  wire refuse = done && (refusal != '0 || (is_run && !room));
  wire answer = done && refusal == '0 && !is_run;
  wire refusal_done, answer_done;
  always_ff @(posedge clk) begin
    if (rst) begin
      refusal_waits <= 1'b0;
      answer_waits <= 1'b0;
      results <= '0;
      refusals <= '0;
    end else begin
      if (result_done) results <= results + 1'b1;
      if (refuse) refusals <= refusals + 1'b1;
      if (refusal_done) refusal_waits <= 1'b0;
      if (refuse && !refusal_waits) begin
        refusal_waits <= 1'b1;
        refusal_number <= number;
        refusal_reason <= refusal != '0 ? refusal : BUSY;
      end
      if (answer_done) answer_waits <= 1'b0;
      if (answer && !answer_waits) begin
        answer_waits <= 1'b1;
        answer_number <= number;
        answer_kind <= kind == STATUS ? STATE : IDENTITY;
        state_payload <= {8'(in_flight), refusals, results};
      end
    end
  end

  // What is being sent: a refusal before an answer before a result.
  typedef enum logic [1:0] {
    NOTHING,
    A_REFUSAL,
    AN_ANSWER,
    A_RESULT
  } sending_t;
  sending_t sending;
  reg [INDEX_BITS-1:0] index;  // of a byte of an answer
  reg [BYTE_BITS-1:0] byte_at;  // in a beat of a result
  wire payload_ready, sent, tx_valid, tx_ready;
  wire [7:0] tx_data;
  wire is_result = sending == A_RESULT;
  wire is_answer = sending == AN_ANSWER;
  wire is_identity = answer_kind == IDENTITY;
  wire is_last_byte = byte_at == BYTE_BITS'(BEAT_BYTES - 1);
  wire [BEAT_BYTES*8-1:0] beat = (BEAT_BYTES * 8)'(out_data);
  wire [7:0] answer_byte = is_identity ? IDENTITY_PAYLOAD[index*8+:8] : state_payload[index*8+:8];
  wire [LENGTH_BITS-1:0] length = is_result ? LENGTH_BITS'(OUT_BYTES)
      : !is_answer ? LENGTH_BITS'(1)
      : is_identity ? LENGTH_BITS'(IDENTITY_BYTES) : LENGTH_BITS'(STATE_BYTES);
  wire taken = payload_ready && (!is_result || out_valid);
  assign out_ready = payload_ready && is_result && is_last_byte;
  assign result_done = sent && is_result;
  assign answer_done = sent && is_answer;
  assign refusal_done = sent && sending == A_REFUSAL;

  always_ff @(posedge clk) begin
    if (rst) begin
      sending <= NOTHING;
      byte_at <= '0;
    end else begin
      if (sending == NOTHING) begin
        index <= '0;
        if (refusal_waits) sending <= A_REFUSAL;
        else if (answer_waits) sending <= AN_ANSWER;
        else if (out_valid && busy) sending <= A_RESULT;
      end else if (sent) begin
        sending <= NOTHING;
      end
      if (taken) index <= index + 1'b1;
      if (taken && is_result) byte_at <= is_last_byte ? '0 : byte_at + 1'b1;
    end
  end

  bf_frame_tx #(
      .LENGTH_BITS(LENGTH_BITS),
      .HEADER_BYTES(HEADER_BYTES),
      .CRC_BYTES(CRC_BYTES),
      .CRC_POLYNOMIAL(CRC_POLYNOMIAL),
      .END(END),
      .ESC(ESC),
      .ESC_END(ESC_END),
      .ESC_ESC(ESC_ESC)
  ) send_frame (
      .clk(clk),
      .rst(rst),
      .start(sending != NOTHING),
      .kind(is_result ? RESULT : is_answer ? answer_kind : REFUSAL),
      .number(is_result ? numbers[oldest] : is_answer ? answer_number : refusal_number),
      .length(length),
      .payload_data(is_result ? beat[byte_at*8+:8] : is_answer ? answer_byte : refusal_reason),
      .payload_valid(!is_result || out_valid),
      .payload_ready(payload_ready),
      .done(sent),
      .byte_data(tx_data),
      .byte_valid(tx_valid),
      .byte_ready(tx_ready)
  );
  bf_uart_tx #(
      .PHASE_BITS(PHASE_BITS),
      .STEP(PHASE_STEP)
  ) send_byte (
      .clk(clk),
      .rst(rst),
      .byte_data(tx_data),
      .byte_valid(tx_valid),
      .byte_ready(tx_ready),
      .tx(tx)
  );
endmodule
