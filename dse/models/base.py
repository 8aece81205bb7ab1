"""What a network is: a constructor, the data it was made for, and how to train it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from dse.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """How a network is trained: AdamW under a one-cycle learning rate, cross-entropy loss.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Most images in one step; an epoch's steps take equally many, give or take 1.
        peak_lr: Highest learning rate of the cycle.
        weight_decay: Decoupled weight decay.
        label_smoothing: Share of the target spread over all classes.
    """

    epochs: int
    batch_size: int
    peak_lr: float
    weight_decay: float = 1e-2
    label_smoothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """How a network wants 8-bit pixels: as codes p − offset, each worth `scale`.

    Attributes:
        offset: What is subtracted.
        scale: Real value of code 1.
        format: Name of a format that holds the codes.
    """

    offset: int
    scale: float
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network plug-in: the `NETWORK` of its module.

    Attributes:
        name: As the user writes it.
        build: Makes an untrained module. Its weights come from torch's global random state.
        default_data: Data set it was made for; ``""`` where none is known.
        recipe: How it is trained.
        input_shape: Shape `(c, h, w)` of one image; ``()`` where any shape may do.
        pretrained: Reads weights that come with a package; such a network is not trained here.
        pixels: How it wants 8-bit pixels; `None`: as its data set has them.
    """

    name: str
    build: Callable[[], nn.Module]
    default_data: str
    recipe: TrainingRecipe
    input_shape: tuple[int, ...]
    pretrained: Callable[[], dict[str, torch.Tensor]] | None = None
    pixels: Pixels | None = None

    def initial(self, seed: int) -> nn.Module:
        """Build the untrained module with weights drawn from `seed`, global state unchanged."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.build()

    def check_fits(self, image_shape: tuple[int, ...], n_classes: int) -> None:
        """Refuse data this network cannot work on.

        Args:
            image_shape: `(c, h, w)`.
            n_classes: Number of classes the labels name.

        Raises:
            DesignError: The images have another shape, or the outputs are not one a class.
        """
        if self.input_shape and self.input_shape != image_shape:
            raise DesignError(
                f"network '{self.name}' takes images of shape {self.input_shape}, the data has "
                f"{image_shape}; choose another network or data set"
            )
        module = self.initial(0).eval()
        try:
            with torch.no_grad():
                shape = tuple(module(torch.zeros(1, *image_shape)).shape)
        except Exception as error:  # the forward pass may be a user's code
            reason = str(error).partition("\n")[0]
            raise DesignError(
                f"network '{self.name}' cannot take images of shape {image_shape}: {reason}"
            ) from error
        if shape != (1, n_classes):
            raise DesignError(
                f"network '{self.name}' gives outputs of shape {shape} for one image, but the "
                f"data has {n_classes} classes; make them (1, {n_classes})"
            )
