"""Networks that are not ours: ``package.module:factory``, imported as uvicorn imports an app."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from torch import nn

from dse.errors import DesignError, UnknownPluginError
from dse.models.base import Network, TrainingRecipe
from dse.registry import nearest

DEFAULT_RECIPE = TrainingRecipe(epochs=10, batch_size=128, peak_lr=3e-3)
"""Trains a network that comes without a recipe and without a checkpoint."""


Factory = Callable[[], nn.Module]
"""Makes an untrained network; a class without arguments is one, too."""


def name_of_factory(factory: Factory) -> str:
    """Return the ``module:function`` by which `network_of_factory` finds `factory` again.

    Raises:
        DesignError: It is no function or class, or not one that a module holds under its name.
    """
    module, name = getattr(factory, "__module__", None), getattr(factory, "__qualname__", "")
    if getattr(sys.modules.get(module or ""), name, None) is not factory:
        raise DesignError(
            f"network {name or type(factory).__name__} cannot be found again by name; give a "
            "function without arguments that returns the network, defined by def in a module"
        )
    return f"{module}:{name}"


def network_of_factory(name: str) -> Network:
    """Return the network made by the function that `name` points to.

    Its default data set is unknown, its input shape open, and `DEFAULT_RECIPE` trains it where no
    checkpoint is given.

    Args:
        name: ``package.module:factory``.

    Raises:
        UnknownPluginError: There is no such module, or nothing of that name in it.
        DesignError: The module cannot be imported, or what it holds makes no `torch.nn.Module`.
    """
    module_name, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise UnknownPluginError(f"network '{name}' must look like package.module:factory")

    def build() -> nn.Module:
        with _current_folder_importable():
            return _module_from(name, module_name, attribute)

    network = Network(
        name=name, build=build, default_data="", recipe=DEFAULT_RECIPE, input_shape=()
    )
    network.initial(0)  # a name that does not work is said now, not after the data is loaded
    return network


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    before = sys.path[:]
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path[:] = before


def _module_from(name: str, module_name: str, attribute: str) -> nn.Module:
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise DesignError(
                f"network '{name}': importing {module_name} failed: {_one_line(error)}"
            ) from error
        raise UnknownPluginError(
            f"network '{name}': no module '{error.name}' in the Python environment or in "
            f"{Path.cwd()}"
        ) from error
    except (Exception, SystemExit) as error:  # a user's module may raise anything at all
        raise DesignError(
            f"network '{name}': importing {module_name} failed: {_one_line(error)}"
        ) from error
    if not hasattr(module, attribute):
        public = [known for known in vars(module) if not known.startswith("_")]
        raise UnknownPluginError(
            f"network '{name}': module {module_name} has no '{attribute}'"
            f"{nearest(attribute, public)}"
        )
    factory = getattr(module, attribute)
    try:
        network = factory()
    except Exception as error:
        raise DesignError(f"network '{name}': {attribute}() failed: {_one_line(error)}") from error
    if not isinstance(network, nn.Module):
        raise DesignError(
            f"network '{name}': {attribute}() returned {type(network).__name__}, "
            f"not a torch.nn.Module"
        )
    return network


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
