// Read before FINN's own files: its matrix unit then multiplies with operators, not DSP primitives.
`define FINN_SIMULATION
