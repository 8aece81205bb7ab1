"""CONTRIBUTING's examples, and how one of them becomes a plug-in of an installed package."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_EXAMPLE = re.compile(r'^```python title="(?P<file>[\w/]+\.py)"\n(?P<code>.*?)^```$', re.M | re.S)
EXAMPLES = {m["file"]: m["code"] for m in _EXAMPLE.finditer((ROOT / "CONTRIBUTING.md").read_text())}
"""By the file that an example says it is."""


def install(folder: Path, file: str) -> str:
    """Make `folder` a distribution with one more entry point, an example; return its name."""
    name = Path(file).stem.replace("_", "-")
    module = f"{Path(file).stem}_from_contributing"
    (folder / f"{module}.py").write_text(EXAMPLES[file])
    about = folder / f"{module}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    package = ".".join(Path(file).parts[:-1])
    (about / "entry_points.txt").write_text(f"[{package}]\n{name} = {module}\n")
    return name
