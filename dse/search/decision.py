"""What a per-layer search decides: the format of an operand of one layer, or of several alike."""

from dataclasses import dataclass
from typing import Literal, Self

from dse.errors import DesignError
from dse.formats import Format, parse_format

Operand = Literal["weights", "acts"]
OPERANDS: tuple[Operand, ...] = ("weights", "acts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One format to choose.

    Attributes:
        layers: Layers that share it, by name.
        operand: Their weights, or the activations they multiply.
        formats: What can be chosen.
    """

    layers: tuple[str, ...]
    operand: Operand
    formats: tuple[Format, ...]

    def __post_init__(self) -> None:
        if not self.formats:
            raise DesignError(f"{self.name}: no formats to choose from")
        if len(set(self.formats)) < len(self.formats):
            raise DesignError(f"{self.name}: a format is named twice")

    @property
    def name(self) -> str:
        """What is decided, for people."""
        return f"{'+'.join(self.layers)} {self.operand}"

    def to_plain(self) -> str:
        """Return the decision as a line of text."""
        formats = ",".join(number_format.name for number_format in self.formats)
        return f"{' '.join(self.layers)} {self.operand} {formats}"

    @classmethod
    def from_plain(cls, text: str) -> Self:
        """Return the decision `to_plain` wrote.

        Raises:
            FormatError: A format is unknown.
            DesignError: The text is something else.
        """
        *layers, operand, formats = text.split(" ")
        for known in OPERANDS:
            if operand == known and layers:
                return cls(
                    layers=tuple(layers),
                    operand=known,
                    formats=tuple(parse_format(name) for name in formats.split(",")),
                )
        raise DesignError(f"'{text}' is no decision")
