// EHXPLLL of the ECP5: clk = clk_in / DIVIDE * MULTIPLY, VCO at OUTPUT times that.
//
//   clk_in  in,  1  the board's clock
//   clk     out, 1  the accelerator's clock
//   locked  out, 1  it is stable
module bf_pll #(
    parameter int INPUT_KHZ = 25000,
    parameter int DIVIDE = 1,
    parameter int MULTIPLY = 4,
    parameter int OUTPUT = 6
) (
    input  wire clk_in,
    output wire clk,
    output wire locked
);
  // Settings of the loop's filter, as ecppll of Project Trellis gives them.
  (* ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .PLLRST_ENA("DISABLED"),
      .INTFB_WAKE("DISABLED"),
      .STDBY_ENABLE("DISABLED"),
      .DPHASE_SOURCE("DISABLED"),
      .OUTDIVIDER_MUXA("DIVA"),
      .CLKI_DIV(DIVIDE),
      .CLKFB_DIV(MULTIPLY),
      .CLKOP_ENABLE("ENABLED"),
      .CLKOP_DIV(OUTPUT),
      .CLKOP_CPHASE(OUTPUT - 1),
      .CLKOP_FPHASE(0),
      .FEEDBK_PATH("CLKOP")
  ) pll (
      .RST(1'b0),
      .STDBY(1'b0),
      .CLKI(clk_in),
      .CLKOP(clk),
      .CLKFB(clk),
      .CLKINTFB(),
      .PHASESEL0(1'b0),
      .PHASESEL1(1'b0),
      .PHASEDIR(1'b1),
      .PHASESTEP(1'b1),
      .PHASELOADREG(1'b1),
      .PLLWAKESYNC(1'b0),
      .ENCLKOP(1'b0),
      .LOCK(locked)
  );
endmodule
