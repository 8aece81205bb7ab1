"""Explore number formats: accuracy of a quantized network against the hardware it needs.

The names in `__all__` are imported from where they live when they are first used, so that
``import dse`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dse.api.build import build
    from dse.api.explore import explore
    from dse.api.study import Study, load
    from dse.data import load_dataset
    from dse.formats import default_sweep, parse_format, parse_sweep
    from dse.models import load_network
    from dse.point import DesignPoint, Scheme

__version__ = "0.1.0"

_HOMES = {
    "DesignPoint": "dse.point",
    "Scheme": "dse.point",
    "Study": "dse.api.study",
    "build": "dse.api.build",
    "default_sweep": "dse.formats",
    "explore": "dse.api.explore",
    "load": "dse.api.study",
    "load_dataset": "dse.data",
    "load_network": "dse.models",
    "parse_format": "dse.formats",
    "parse_sweep": "dse.formats",
}

__all__ = [
    "DesignPoint",
    "Scheme",
    "Study",
    "__version__",
    "build",
    "default_sweep",
    "explore",
    "load",
    "load_dataset",
    "load_network",
    "parse_format",
    "parse_sweep",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'dse' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
