"""From an accelerator's graph to its cost, its RTL and its bitstream."""
