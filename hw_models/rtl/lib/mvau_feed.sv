// Operands of a matrix unit: reads input vectors from a stream, repeats them, and pairs each beat
// with its weights.
//
// A vector comes in FOLDS beats. Its products with PE rows of the matrix are a round; ROUNDS rounds
// make the product with the whole matrix. With REPEAT the vector is kept while it is read and read
// again in all other rounds; without, every round has input of its own (a depthwise layer).
// The last beat of a sum waits until there is room for the sum behind the adders, so that nothing
// between here and there has to stop.
//
//   clk       in,  1            clock
//   rst       in,  1            synchronous reset, active high
//   in_data   in,  ACT_BITS     stream of activations, one beat
//   in_valid  in,  1
//   in_ready  out, 1
//   has_room  in,  1            another round's sums can be kept
//   claim     out, 1            they are on their way: the place is taken
//   act       out, ACT_BITS     activations of a beat
//   weight    out, WEIGHT_BITS  its weights
//   en        out, 1            there is a beat
//   clr       out, 1            it is the first of its sums
//   last      out, 1            it is the last of its sums
//
// The weights are a bf_rom, deep if it has several ROWS. Outputs follow the beat by STAGES clock
// edges: 1 with constant weights, 3 with deep ones, else 2, and one more with REPEAT.
module bf_mvau_feed #(
    parameter int FOLDS = 8,
    parameter int ROUNDS = 8,
    parameter bit REPEAT = 1,
    parameter int ACT_BITS = 32,
    parameter int WEIGHT_BITS = 128,
    parameter WEIGHT_FILE = "",
    parameter bit WEIGHT_BLOCK = 0,
    parameter int ROWS = 1,
    parameter int ROW_DEPTH = 2,
    parameter BUFFER_STYLE = "registers"
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire [   ACT_BITS-1:0] in_data,
    input  wire                   in_valid,
    output wire                   in_ready,
    input  wire                   has_room,
    output wire                   claim,
    output wire [   ACT_BITS-1:0] act,
    output wire [WEIGHT_BITS-1:0] weight,
    output wire                   en,
    output wire                   clr,
    output wire                   last
);
  localparam int WORDS = FOLDS * ROUNDS;
  localparam int FOLD_BITS = FOLDS > 1 ? $clog2(FOLDS) : 1;
  localparam int WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
  localparam int STAGES = 1 + int'(WORDS > 1) + int'(ROWS > 1) + int'(REPEAT);

  // Which beat: its fold within the round, its word among the weights.
  reg [FOLD_BITS-1:0] fold;
  reg [WORD_BITS-1:0] word;
  reg is_repeat;
  wire is_first_fold = fold == 0;
  wire is_last_fold = fold == FOLDS - 1;
  wire is_last_word = word == WORDS - 1;
  wire may_step = !is_last_fold || has_room;
  wire step = may_step && (is_repeat || in_valid);
  assign in_ready = may_step && !is_repeat;
  assign claim = step && is_last_fold;

  always_ff @(posedge clk) begin
    if (rst) begin
      fold <= '0;
      word <= '0;
      is_repeat <= 1'b0;
    end else if (step) begin
      fold <= is_last_fold ? '0 : fold + 1'b1;
      word <= is_last_word ? '0 : word + 1'b1;
      if (is_last_fold) is_repeat <= REPEAT && !is_last_word;
    end
  end

  // Repeated vectors are always read from their buffer, one clock edge after they come in.
  wire [WORD_BITS-1:0] late_word;
  wire [ ACT_BITS-1:0] late_act;
  if (!REPEAT) begin : gen_stream
    assign late_word = word;
    assign late_act  = in_data;
  end else begin : gen_buffer
    wire [FOLD_BITS-1:0] late_fold;
    bf_delay #(
        .BITS(FOLD_BITS + WORD_BITS)
    ) wait_address (
        .clk(clk),
        .x({fold, word}),
        .y({late_fold, late_word})
    );
    if (FOLDS == 1) begin : gen_word
      reg [ACT_BITS-1:0] vector;
      always_ff @(posedge clk) if (in_valid && in_ready) vector <= in_data;
      assign late_act = vector;
    end else begin : gen_words
      bf_ram #(
          .DEPTH(FOLDS),
          .BITS (ACT_BITS),
          .STYLE(BUFFER_STYLE)
      ) vector (
          .clk(clk),
          .write(in_valid && in_ready),
          .write_address(fold),
          .write_data(in_data),
          .read(1'b1),
          .read_address(late_fold),
          .read_data(late_act)
      );
    end
  end

  // The buffer's output register is one of the two stages.
  bf_delay #(
      .BITS(ACT_BITS),
      .STAGES(REPEAT && FOLDS > 1 ? STAGES - 2 : STAGES - int'(REPEAT))
  ) wait_act (
      .clk(clk),
      .x(late_act),
      .y(act)
  );
  wire [WEIGHT_BITS-1:0] early_weight;
  bf_rom #(
      .DEPTH(WORDS),
      .BITS (WEIGHT_BITS),
      .FILE (WEIGHT_FILE),
      .BLOCK(WEIGHT_BLOCK),
      .ROWS(ROWS),
      .ROW_DEPTH(ROW_DEPTH)
  ) weights (
      .clk(clk),
      .en(1'b1),
      .address(late_word),
      .data(early_weight)
  );
  bf_delay #(
      .BITS(WEIGHT_BITS),
      .STAGES(WORDS > 1 ? 1 : 0)
  ) wait_weight (
      .clk(clk),
      .x(early_weight),
      .y(weight)
  );
  bf_delay #(
      .BITS(2),
      .STAGES(STAGES)
  ) wait_step (
      .clk(clk),
      .x({step, is_first_fold}),
      .y({en, clr})
  );
  bf_control_delay #(
      .STAGES(STAGES)
  ) wait_claim (
      .clk(clk),
      .rst(rst),
      .x(claim),
      .y(last)
  );
endmodule
