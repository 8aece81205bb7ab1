"""Synthesis tools: one file is one toolchain."""
