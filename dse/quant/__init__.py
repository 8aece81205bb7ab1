"""From a float network to the accuracy of its quantized forms, on Brevitas.

Importing this package does not load torch; its modules do.
"""

from dse.quant.result import AccuracyResult, EndedEarly, Outcome

__all__ = ["AccuracyResult", "EndedEarly", "Outcome"]
