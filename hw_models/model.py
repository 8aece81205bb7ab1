"""A network as hardware sees it: an accelerator with its weights and tails."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.errors import DesignError
from dse.formats import Format
from hw_models.graph import Accelerator, Mvau, Requantize
from hw_models.tail import Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """The images a network takes.

    Attributes:
        name: Its name in the network's file.
        shape: Height, width and channels of an image.
        format: Format of the codes.
        scale: Value of the format's 1, a float32 number.
    """

    name: str
    shape: tuple[int, int, int]
    format: Format
    scale: float

    def codes(self, images: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the codes of real-valued `images`, shape `(n, c, h, w)`, as `(n, h, w, c)`."""
        codes = self.format.encode(images.astype(np.float32) / np.float32(self.scale))
        return np.ascontiguousarray(codes.transpose(0, 2, 3, 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """An accelerator with its numbers.

    Attributes:
        accelerator: Shapes and formats.
        input: The images it takes.
        weights: Codes of each Mvau's weights by its name, shape `(mh, mw)`, columns in the order of
            the input vectors, (tap, channel).
        tails: The tail of each `Requantize`, by its name.
        output: The host's tail behind what the last node gives: its sums, or its codes' integers.
        host_nodes: Names of the network's nodes behind that tail, which hardware leaves out.
    """

    accelerator: Accelerator
    input: ModelInput
    weights: Mapping[str, NDArray[np.int64]]
    tails: Mapping[str, Tail]
    output: Tail
    host_nodes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for node in self.accelerator.nodes:
            if isinstance(node, Mvau):
                shape = self.weights[node.name].shape
                if shape != (node.mh, node.mw):
                    raise DesignError(f"{node.name}: weights {shape} are not {(node.mh, node.mw)}")
            if isinstance(node, Requantize):
                output = self.tails[node.name].output
                if output is None or output.format != node.output:
                    raise DesignError(f"{node.name}: its tail must give {node.output.name}")
