"""Fashion-MNIST: 60,000 + 10,000 images of clothes, 28×28 pixels, 10 classes (Xiao et al. 2017).

The files are looked for in the cache folder, where Debian's package ``dataset-fashion-mnist`` puts
them, and in torchvision's layout; ``fashion-mnist:PATH`` names the folder. Validation takes 5,000
of the training images.
"""

from pathlib import Path

from dse.data._idx import read_idx
from dse.data._places import first_with_files, roots
from dse.data.base import Dataset, Loader, Split, checked_split
from dse.data.spec import DataSpec, PathRule
from dse.data.splits import with_official_test
from dse.formats import IntFormat

_DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def _places(spec: DataSpec) -> list[Path]:
    given, *others = roots(spec)
    first = [given / layout for layout in ("", "fashion-mnist", "FashionMNIST/raw")]
    return first if spec.path else [*first[1:], _DEBIAN, *(o / "FashionMNIST/raw" for o in others)]


def _read(folder: Path, part: str) -> Split:
    images = read_idx(folder, f"{part}-images-idx3-ubyte", axes=3)
    labels = read_idx(folder, f"{part}-labels-idx1-ubyte", axes=1)
    return checked_split(images[:, None], labels, f"{folder} {part}")


def _load(spec: DataSpec, seed: int) -> Dataset:
    folder = first_with_files(
        spec,
        _places(spec),
        lambda place: any(place.glob("*-idx[13]-ubyte*")),
        "apt-get install dataset-fashion-mnist, or name a folder: fashion-mnist:PATH",
    )
    return with_official_test(
        name=spec.text,
        train=_read(folder, "train"),
        test=_read(folder, "t10k"),
        n_classes=10,
        input_format=IntFormat(bits=8, signed=False),
        input_scale=1 / 255,
        seed=seed,
    )


LOADER = Loader(load=_load, path=PathRule.OPTIONAL)
