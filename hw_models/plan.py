"""Plans: files and commands that make something, as values with a digest."""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from dse.errors import DesignError
from hw_models.tools import FoundTool, find, run


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """A file of a plan.

    Attributes:
        path: Place in the plan's folder, relative, with ``/``.
        content: Text.
    """

    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """Files and commands that make something; making a plan runs nothing.

    Attributes:
        files: Files the commands read.
        commands: Commands, one after the other. The first word is ``"python"`` (this interpreter)
            or the name of a tool, never a place, so that equal plans have equal digests everywhere.
        stamps: What else decides the outcome, such as ``"pyosys 0.70"``.
    """

    files: tuple[PlannedFile, ...]
    commands: tuple[tuple[str, ...], ...]
    stamps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        paths = [file.path for file in self.files]
        for path in paths:
            parts = PurePosixPath(path).parts
            if not parts or parts[0] == "/" or ".." in parts:
                raise DesignError(f"a plan's files must stay in its folder, not '{path}'")
        if len(set(paths)) < len(paths):
            raise DesignError(f"a plan names a file twice: {', '.join(sorted(paths))}")
        if not all(self.commands):
            raise DesignError("a plan has an empty command")

    def digest(self) -> str:
        """Return the sha256 of everything in the plan, as 64 hex digits."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write the files into `folder`, which is made if it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content, encoding="utf-8")

    def execute(self, folder: Path, timeout_s: float) -> float:
        """Write the files into `folder`, run the commands there and return how long they took [s].

        Each command may take `timeout_s` and leaves a log, ``00_<tool>.log`` and so on.

        Raises:
            ToolError: As `find` and `run`.
        """
        self.write(folder)
        return sum(self._run_all(folder, timeout_s))

    def _run_all(self, folder: Path, timeout_s: float) -> Iterator[float]:
        for position, (name, *arguments) in enumerate(self.commands):
            if name == "python":
                tool = FoundTool(name=name, path=Path(sys.executable), version="")
            else:
                tool = find(name)
            yield run(
                (str(tool.path), *arguments),
                folder=folder,
                log=folder / f"{position:02}_{name}.log",
                timeout_s=timeout_s,
                environment=tool.environment,
            )
