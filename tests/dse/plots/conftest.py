"""What each plot is drawn from."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dse.search.source import NetworkAccuracy
from hw_models.graph import Accelerator

ESTIMATES = pd.DataFrame(
    {
        "weight": ["int4", "e4m3", "int4"],
        "act": ["int4", "e4m3", "e2m1"],
        "measured": [20, 300, 40],
        "formula": [21.0, 290.0, 40.0],
        "naive": [30.0, 200.0, 44.0],
    }
)
LAYERS = pd.DataFrame(
    {
        "layer": ["fc_1", "fc_1", "fc_2", "fc_2"],
        "format": ["int4", "e2m1", "int4", "e2m1"],
        "weight_sqnr_db": [20.0, 18.0, 21.0, 19.0],
        "act_sqnr_db": [float("inf"), float("inf"), 15.0, 16.0],
    }
)
_TABLES = {"estimate-error": ESTIMATES, "sensitivity": LAYERS}


@pytest.fixture
def known_network(template: Accelerator, monkeypatch: pytest.MonkeyPatch) -> Accelerator:
    """The network of `study_folder`, which no registry knows."""
    monkeypatch.setattr(NetworkAccuracy, "template", lambda _: template)
    return template


@pytest.fixture
def drawn_from(
    study_folder: Path, known_network: Accelerator
) -> Callable[[str], "Path | pd.DataFrame"]:
    """Return what a plot is drawn from: a study, or a table where it is of something else."""
    return lambda kind: _TABLES.get(kind, study_folder)
