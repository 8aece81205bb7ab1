"""Autoencoder of MLPerf Tiny, anomaly detection: 264,192 weights and as many MACs a window.

Banbury et al., "MLPerf Tiny Benchmark", NeurIPS 2021, with the layers of its reference code: five
frames of 128 mel bands to an 8-wide bottleneck and back. The 269,992 parameters stated for that
also count 1,032 biases in front of BatchNorm, which takes them out again, and its 2,064 running
statistics.

It gives back its input and is judged by how far it misses, over recordings of machines (ToyADMOS)
that bitfront does not read. So it has no classes and no top-1 to search by: with random weights
(``--seeded``) it is exported, built, verified and costed; `explore` and `train` refuse it.
"""

from collections import OrderedDict

from torch import nn

from dse.models.base import Network, TrainingRecipe

_FRAMES, _BANDS = 5, 128
_WIDTHS = (128, 128, 128, 128, 8, 128, 128, 128, 128)


def build() -> nn.Module:
    """Return the untrained network, `(n, 1, 5, 128)` to `(n, 640)`."""
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    width = _FRAMES * _BANDS
    for number, hidden in enumerate(_WIDTHS, start=1):
        layers[f"fc{number}"] = nn.Linear(width, hidden, bias=False)
        layers[f"bn{number}"] = nn.BatchNorm1d(hidden)
        layers[f"relu{number}"] = nn.ReLU()
        width = hidden
    layers[f"fc{len(_WIDTHS) + 1}"] = nn.Linear(width, _FRAMES * _BANDS)
    return nn.Sequential(OrderedDict(layers))


NETWORK = Network(
    name="autoencoder",
    build=build,
    default_data="",
    recipe=TrainingRecipe(epochs=100, batch_size=512, peak_lr=1e-3),
    input_shape=(1, _FRAMES, _BANDS),
)
