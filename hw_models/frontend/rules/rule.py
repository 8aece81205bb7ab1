"""What a rule is."""

from collections.abc import Callable

from hw_models.frontend.builder import Builder
from hw_models.frontend.network import OnnxNode
from hw_models.frontend.rules.operands import Operands
from hw_models.frontend.values import Value

Rule = Callable[[OnnxNode, Operands, Builder], Value]
"""Takes a node and what its operands are; returns what its (first) output is."""
