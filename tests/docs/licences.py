"""Licences of what bitfront needs to run: ``python -m tests.docs.licences > docs/licences.md``."""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGE = Path(__file__).parents[2] / "docs" / "licences.md"
_PREAMBLE = """# Licences

bitfront is Apache-2.0. These are the packages it needs to run, directly or not, with the licences
they state in their metadata; made by

```sh
python -m tests.docs.licences > docs/licences.md
```

No code of theirs is part of this repository. Verilator (LGPL-3.0 or Artistic-2.0), Yosys and
nextpnr (ISC) are programs of their own, which bitfront calls.

| package | licence |
|---|---|"""

_SENTENCES = {
    "Neither the name": "BSD-3-Clause",
    "Apache License Version 2.0": "Apache-2.0",
    "Permission is hereby granted, free of charge": "MIT",
}
"""How texts of licences are known."""


def needed(root: str = "bitfront") -> dict[str, str]:
    """Return licence by name of every installed package that `root` needs, extras left out."""
    found: dict[str, str] = {}
    left = [Requirement(root)]
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform or Python
        found[name] = licence(name)
        for requirement in map(Requirement, package.requires or ()):
            marker = requirement.marker
            extras = wanted.extras or {""}
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                left.append(requirement)
    del found[canonicalize_name(root)]
    return dict(sorted(found.items()))


def licence(name: str) -> str:
    """Return the licence that a package states, as short as it states it."""
    about = distribution(name).metadata
    if expression := about.get("License-Expression"):
        return expression
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier", [])
        if text.startswith("License :: ")
    ]
    named = [text for text in classifiers if text != "OSI Approved"]
    if named:
        return " or ".join(dict.fromkeys(named))
    if stated := about.get("License"):
        return re.sub(r"\s+", " ", stated.partition("\n")[0]).strip()
    return _by_its_text(name)


def _by_its_text(name: str) -> str:
    """Return the licence whose text a package carries, where its metadata name none."""
    for file in distribution(name).files or ():
        if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            text = file.read_text()
            for sentence, found in _SENTENCES.items():
                if sentence in " ".join(text.split()):
                    return found
    return "not stated"


def page() -> str:
    """Return the page of licences, Markdown."""
    rows = [f"| {name} | {text.replace('|', '/')} |" for name, text in needed().items()]
    return "\n".join([_PREAMBLE, *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
