"""What an exported file says about itself."""

from dataclasses import dataclass

from dse import __version__
from dse.formats import Format
from dse.point import Scheme

PREFIX = "bitfront."
"""Of the names of our entries among a file's ``metadata_props``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an exported network comes from and what its input means.

    Attributes:
        network: Name of the network, as the user wrote it.
        data: Name of the data set it was trained and calibrated on.
        data_fingerprint: SHA-256 of that data set.
        point: Digest of the design point in its study; ``""`` where there is no study.
        scheme: Number formats of every layer, and how scales were found.
        recipe: Post-training recipe.
        input_format: Format of the network's input codes.
        input_scale: Real value of code 1.
    """

    network: str
    data: str
    data_fingerprint: str
    point: str
    scheme: Scheme
    recipe: str
    input_format: Format
    input_scale: float

    def facts(self) -> dict[str, str]:
        """Return what is known by name, as text.

        Numbers are decimals that read back exactly; ``scheme`` is the scheme's JSON.
        """
        return {
            "version": __version__,
            "network": self.network,
            "data": self.data,
            "data_fingerprint": self.data_fingerprint,
            "point": self.point,
            "weight_format": self.scheme.weight_format,
            "act_format": self.scheme.act_format,
            "scheme": self.scheme.to_json(),
            "recipe": self.recipe,
            "input_layout": "NCHW",
            "input_format": self.input_format.name,
            "input_scale": repr(self.input_scale),
        }

    def properties(self) -> dict[str, str]:
        """Return the facts as entries of a file's ``metadata_props``."""
        return {PREFIX + name: value for name, value in self.facts().items()}
