"""Quantized networks as QONNX files: the form in which they leave torch."""

from dse.quant.export.provenance import Provenance
from dse.quant.export.qonnx import export_qonnx, read_facts, write_qonnx

__all__ = ["Provenance", "export_qonnx", "read_facts", "write_qonnx"]
