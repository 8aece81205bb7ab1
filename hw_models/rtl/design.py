"""A design in SystemVerilog: what emitters make, and what synthesis and simulation take."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rtl:
    """A design in SystemVerilog.

    Args:
        top: Name of its top module.
        text: The top module, and others that belong to this design only.
        sources: Library files it needs, primitives first.
        memories: Contents of memories as (file name, text of ``$readmemh``), read from the folder
            the tool runs in.
    """

    top: str
    text: str
    sources: tuple[Path, ...]
    memories: tuple[tuple[str, str], ...] = ()
