"""What the cost model is fitted to: cells synthesised for real, and how well formulas meet them."""
