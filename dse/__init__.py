"""Explore number formats: accuracy of a quantized network against the hardware it needs.

The names in `__all__` are imported from where they live when they are first used, so that
``import dse`` is quick.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "DesignPoint": "dse.point",
    "NetworkAccuracy": "dse.search.source",
    "Scheme": "dse.point",
    "Store": "dse.search.store",
    "StudySettings": "dse.search.settings",
    "default_sweep": "dse.formats",
    "explore": "dse.search.study",
    "load_dataset": "dse.data",
    "load_network": "dse.models",
    "parse_format": "dse.formats",
    "parse_sweep": "dse.formats",
}

__all__ = [
    "DesignPoint",
    "NetworkAccuracy",
    "Scheme",
    "Store",
    "StudySettings",
    "__version__",
    "default_sweep",
    "explore",
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
