"""Fixtures of the data set tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from dse.errors import BitfrontError


@pytest.fixture
def refusal():
    """Return a context that expects an error whose one line holds certain words."""

    @contextmanager
    def expect(kind: type[BitfrontError], *words: str) -> Iterator[None]:
        with pytest.raises(kind) as caught:
            yield
        text = str(caught.value)
        assert "\n" not in text
        for word in words:
            assert word in text

    return expect


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
