"""What all tests share: a cache of their own, one thread, and examples that do not change."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from dse.errors import ToolNotFoundError
from hw_models.tools import find

sys.path.insert(0, str(Path(__file__).with_name("cores")))  # for `toy_core`
settings.register_profile("bitfront", derandomize=True, deadline=None)
settings.load_profile("bitfront")


@pytest.fixture(scope="session", autouse=True)
def own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the user's cache out of the tests, and the tests out of it; child processes too."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.setenv(variable, "1")
        yield cache


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI insist on the external tools."""
    parser.addoption(
        "--require-tools",
        action="store_true",
        help="fail a test whose external tool is missing, instead of skipping it",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked ``tool(name)`` with the reason where the tool is absent."""
    for marker in item.iter_markers("tool"):
        try:
            find(marker.args[0])
        except ToolNotFoundError as error:
            if item.config.getoption("--require-tools"):
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))
