"""Plug-ins by file name: a module in a package is a plug-in, third parties add entry points."""

import difflib
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from dse.errors import DesignError, UnknownPluginError

T = TypeVar("T")


def nearest(name: str, known: list[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the name in `known` closest to `name`, or ``""``."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean '{close[0]}'?)" if close else ""


class Registry(Mapping[str, T], Generic[T]):
    """Lazy mapping from plug-in names to the object each plug-in module exports.

    A module ``digits_mlp.py`` of `package` is the plug-in ``digits-mlp``. Modules that start with
    an underscore and `base` are not plug-ins. Entry points of the group `package` are added. A
    module is imported when its plug-in is asked for, never before.

    Args:
        package: Dotted name of the package that holds the plug-ins.
        attribute: Name of the object each module exports, e.g. ``"BOARD"``.
        kind: Type of that object.
        noun: What a user calls such a plug-in, for messages.
        not_plugins: Further modules of the package that are no plug-ins.
    """

    def __init__(
        self,
        package: str,
        attribute: str,
        kind: type[T],
        noun: str,
        not_plugins: frozenset[str] = frozenset(),
    ) -> None:
        self._package = package
        self._attribute = attribute
        self._kind = kind
        self._noun = noun
        self._not_plugins = not_plugins | {"base"}

    def _locations(self) -> dict[str, str]:
        path = import_module(self._package).__path__
        found = {
            module.name.replace("_", "-"): f"{self._package}.{module.name}"
            for module in pkgutil.iter_modules(path)
            if not module.name.startswith("_") and module.name not in self._not_plugins
        }
        for point in entry_points(group=self._package):
            if point.name in found:
                raise DesignError(
                    f"two plug-ins are called '{point.name}' in {self._package}: "
                    f"{found[point.name]} and {point.value}; uninstall one"
                )
            found[point.name] = point.value
        return found

    def __getitem__(self, name: str) -> T:
        """Import and return the plug-in called `name`.

        Raises:
            UnknownPluginError: No plug-in has this name.
            DesignError: The module does not export the object it should.
        """
        locations = self._locations()
        if name not in locations:
            known = sorted(locations)
            raise UnknownPluginError(
                f"no {self._noun} called '{name}'{nearest(name, known)}; known: {', '.join(known)}"
            )
        plugin = getattr(import_module(locations[name]), self._attribute, None)
        if not isinstance(plugin, self._kind):
            raise DesignError(
                f"plug-in {locations[name]} must define {self._attribute} "
                f"as a {self._kind.__name__}, not {type(plugin).__name__}"
            )
        return plugin

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._locations()))

    def __len__(self) -> int:
        return len(self._locations())

    def __contains__(self, name: object) -> bool:
        return name in self._locations()
