"""Accuracy sources that are the same everywhere, or none at all."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import dse
from dse.errors import DataError
from dse.point import ACCURACY_VERSION, AccuracyContext
from dse.search.evaluate import AccuracySource, SourceFactory

_PACKAGES = ("torch", "brevitas", "numba", "numpy")


def versions() -> Mapping[str, str]:
    """Return the versions of the packages that results may depend on."""
    return {"bitfront": dse.__version__} | {name: version(name) for name in _PACKAGES}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFactory:
    """Makes the source of a study, on whatever machine, and refuses any other.

    Attributes:
        factory: Makes it.
        context: What the study's accuracies depend on.
        accuracy_version: The study's.
        versions: Of the packages that the study's coordinator runs, sorted.
    """

    factory: SourceFactory
    context: AccuracyContext
    accuracy_version: int
    versions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, factory: SourceFactory, context: AccuracyContext) -> "CheckedFactory":
        """Return the factory of a study with this context, which is checked wherever it goes."""
        return cls(
            factory=factory,
            context=context,
            accuracy_version=ACCURACY_VERSION,
            versions=tuple(sorted(versions().items())),
        )

    def __call__(self) -> AccuracySource:
        """Return the source.

        Raises:
            DataError: This machine has other packages, data or weights than the study.
        """
        here = f"worker on {platform.node()}"
        for name, wanted in self.versions:
            if (found := versions()[name]) != wanted:
                raise DataError(f"the {here} has {name} {found}, the study was begun with {wanted}")
        if self.accuracy_version != ACCURACY_VERSION:
            raise DataError(f"the {here} has another version of bitfront than the study")
        source = self.factory()
        if source.context.data != self.context.data:
            raise DataError(f"the {here} has other images than the study: compare the files")
        if source.context != self.context:
            raise DataError(f"the {here} has other weights than the study: give a --checkpoint")
        return source
