"""What an accelerator computes: exact integers, and the simulated hardware."""
