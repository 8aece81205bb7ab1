"""Data sets by name: embedded, installed, or in files a user brings."""

from dse.data.base import Dataset, Loader, Split
from dse.data.spec import DataSpec, PathRule
from dse.errors import DataError
from dse.registry import Registry

DATASETS: Registry[Loader] = Registry(
    "dse.data", "LOADER", Loader, "data set", not_plugins=frozenset({"spec", "splits"})
)

__all__ = ["DATASETS", "DataSpec", "Dataset", "Loader", "PathRule", "Split", "load_dataset"]


def load_dataset(name: str, seed: int) -> Dataset:
    """Load the data set that `name` describes and split it.

    Args:
        name: ``NAME``, ``NAME:PATH`` or ``NAME:PATH?option=value``, e.g. ``digits``,
            ``fashion-mnist``, ``npz:flowers.npz``, ``imagefolder:birds?size=32``.
        seed: Decides which training images go to validation and calibration; not negative. The
            test split of a data set is the same for every seed.

    Raises:
        UnknownPluginError: No data set has this name.
        DataError: The seed is negative, or the files are missing or damaged, or hold something
            else.
    """
    if seed < 0:
        raise DataError(f"seed {seed} is negative; give 0 or more")
    spec = DataSpec.parse(name)
    loader = DATASETS[spec.name]
    spec.check(path=loader.path, options=loader.options)
    return loader.load(spec, seed)
