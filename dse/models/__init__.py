"""Reference networks by name, and networks a user brings as ``package.module:factory``."""

from dse.models.base import Network, TrainingRecipe
from dse.models.factory import network_of_factory
from dse.registry import Registry

NETWORKS: Registry[Network] = Registry(
    "dse.models",
    "NETWORK",
    Network,
    "network",
    not_plugins=frozenset({"checkpoint", "factory", "seeded", "train", "weights"}),
)

__all__ = ["NETWORKS", "Network", "TrainingRecipe", "load_network"]


def load_network(name: str) -> Network:
    """Return the network called `name`.

    Args:
        name: A reference network, e.g. ``digits-cnn``, or ``package.module:factory``: a function
            without arguments that returns a `torch.nn.Module`, importable from the Python
            environment or from the current folder.

    Raises:
        UnknownPluginError: No network, module or function has this name.
        DesignError: The function does not return a module.
    """
    return network_of_factory(name) if ":" in name else NETWORKS[name]
