import subprocess
import sys

import pytest

import dse


@pytest.mark.parametrize("name", dse.__all__)
def test_a_public_name_is_there(name):
    assert getattr(dse, name) is not None


def test_the_public_names_are_sorted_and_listed():
    assert dse.__all__ == sorted(dse.__all__)
    assert dir(dse) == dse.__all__
    assert {*dse._HOMES, "__version__"} == set(dse.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'dse' has no attribute 'explode'"):
        dse.explode  # noqa: B018


def test_importing_the_package_imports_nothing_else():
    code = "import sys, dse; print([m for m in sys.modules if m.startswith(('dse.', 'numpy'))])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
