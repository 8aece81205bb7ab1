// Rows FIRST … LAST of the multiplier on ECP5, threaded through one carry chain. Parameters as in
// multiply_ecp5.sv.
//
// Row 1 adds two partial products, each later one the next partial product to the running sum; the
// AND gates sit in the adders' LUTs. After each row one half slice reads the carry out. Partial
// products of a sign bit are inverted (Baugh and Wooley, IEEE Trans. Computers C-22, 1973); the
// constants this takes go into the free place at the top of row 1 (a) and into the carry input of
// the last row (w).
//
//   a        in,  A_BITS  multiplicand
//   w        in,  W_BITS  multiplier; behind row 1 with the final bits of the sum below bit FIRST
//   running  in,  A_BITS  sum of the rows up to FIRST without its final bits; not used by row 1
//   after    out, A_BITS  sum of the rows up to LAST, likewise
//   rest     out, W_BITS  `w` with the final bits of that sum in place of the bits used up
module bf_multiply_rows #(
    parameter int A_BITS = 8,
    parameter int W_BITS = 8,
    parameter bit A_SIGNED = 1,
    parameter bit W_SIGNED = 1,
    parameter bit A_TOP_N = 0,
    parameter bit W_TOP_N = 0,
    parameter int P_BITS = A_BITS + W_BITS,
    parameter int FIRST = 1,
    parameter int LAST = W_BITS - 1
) (
    input  wire [A_BITS-1:0] a,
    input  wire [W_BITS-1:0] w,
    input  wire [A_BITS-1:0] running,
    output wire [A_BITS-1:0] after,
    output wire [W_BITS-1:0] rest
);
  localparam int ROWS = W_BITS - 1;
  localparam int STRIDE = A_BITS + 1;
  // The last row needs a carry input, from a half slice in front of it if no row is there.
  localparam int START = (W_SIGNED && FIRST == ROWS) ? 1 : 0;
  localparam int TOP = LAST == ROWS ? P_BITS - ROWS : STRIDE;
  localparam int N = START + (LAST - FIRST) * STRIDE + TOP;
  // Truth tables of a half slice are written as expressions over its inputs' own tables.
  localparam logic [15:0] A = 16'hAAAA, B = 16'hCCCC, C = 16'hF0F0, D = 16'hFF00;

  function automatic logic [15:0] split(input logic [15:0] f, input logic [15:0] g);
    split = (D & f) | (~D & g);
  endfunction

  function automatic logic [15:0] half_slice(input int row, input int column);
    logic [15:0] flip, at, wt;
    flip = {16{(A_SIGNED && column == A_BITS - 1) ^ (W_SIGNED && row == ROWS)}};
    at = {16{A_TOP_N && column == A_BITS - 1}};
    wt = {16{W_TOP_N && row == ROWS}};
    if (column == A_BITS)  // reads the carry; a signed product's top bit is inverted
      half_slice = split({16{row == ROWS && (A_SIGNED || W_SIGNED)}},
                         {16{W_SIGNED && row + 1 == ROWS}});
    else if (row > 1) half_slice = split(A ^ (flip ^ ((B ^ at) & (C ^ wt))), A);
    else if (column == A_BITS - 1)
      if (A_SIGNED) half_slice = split(~(A & B) ^ flip ^ (A & (C ^ wt)), ~(A & B));
      else half_slice = split(A ^ (flip ^ ((B ^ at) & (C ^ wt))), A);
    else if (column == A_BITS - 2)
      half_slice = flip ^ (A & (B ^ wt)) ^ ((C ^ {16{A_TOP_N}}) & D);
    else half_slice = flip ^ (A & (B ^ wt)) ^ (C & D);
  endfunction

  function automatic logic [16*N-1:0] half_slices();
    half_slices = '0;
    if (START != 0) half_slices[15:0] = 16'h00FF;
    for (int row = FIRST; row <= LAST; row++)
      for (int column = 0; column <= A_BITS; column++)
        if (START + (row - FIRST) * STRIDE + column < N)
          half_slices[16*(START+(row-FIRST)*STRIDE+column)+:16] = half_slice(row, column);
  endfunction

  wire [N-1:0] ca, cb, cc, cd, s;
  bf_ecp5_chain #(
      .N(N),
      .TABLES(half_slices())
  ) chain (
      .a(ca),
      .b(cb),
      .c(cc),
      .d(cd),
      .s(s)
  );

  if (START != 0) begin : gen_start
    assign {ca[0], cb[0], cc[0], cd[0]} = 4'b0001;
  end
  for (genvar row = FIRST; row <= LAST; row++) begin : gen_row
    for (genvar column = 0; column <= A_BITS; column++) begin : gen_column
      localparam int I = START + (row - FIRST) * STRIDE + column;
      if (I < N) begin : gen_used
        wire sum;
        if (row == FIRST) assign sum = running[column<A_BITS?column : 0];
        else assign sum = s[row==FIRST?0 : I-STRIDE+1];
        if (column == A_BITS) assign {ca[I], cb[I], cc[I], cd[I]} = 4'b0001;
        else if (row > 1) assign {ca[I], cb[I], cc[I], cd[I]} = {sum, a[column], w[row], 1'b1};
        else if (column < A_BITS - 1)
          assign {ca[I], cb[I], cc[I], cd[I]} = {a[column], w[1], a[column+1], w[0]};
        else if (A_SIGNED) assign {ca[I], cb[I], cc[I], cd[I]} = {a[column], w[0], w[1], 1'b1};
        else assign {ca[I], cb[I], cc[I], cd[I]} = {1'b0, a[column], w[1], 1'b1};
        if (column == 0) assign rest[row] = s[I];
        else if (row == LAST) assign after[column-1] = s[I];
      end else if (row == LAST && column > 0) begin : gen_unused
        assign after[column-1] = 1'b0;
      end
    end
  end
  if (FIRST == 1) assign rest[0] = a[0] & w[0];
  else assign rest[FIRST-1:0] = w[FIRST-1:0];
  if (LAST < ROWS) assign rest[W_BITS-1:LAST+1] = w[W_BITS-1:LAST+1];
endmodule
