"""SystemVerilog: a hand-written library, and emitters of top modules from typed specs."""
