"""Spaces as TOML files."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dse.errors import DesignError
from dse.formats import Format, parse_sweep
from dse.registry import nearest
from dse.search.decision import OPERANDS, Decision

_SECTIONS = ("formats", "group", "layer")


def read_space(path: Path) -> dict[str, Any]:
    """Read a space file: options of ``explore`` by name, and the sections that say what is decided.

    ::

        model = "fmnist-cnn"
        board = "ulx3s-85f"          # or device = "ecp5"
        fps = 500
        folding = "cheapest"         # each point's own; "fixed": the same at every point;
                                     # "fastest": as fast as fits the board, then without fps
        constraints = ["lut <= 0.8 * device", "top1_drop_pct <= 1"]

        [formats]                    # of every layer that nothing else is said of
        weights = "int3-8,e2m1"
        acts = "int4-8,e2m1"

        [layer.conv1]                # of this one
        weights = "int8"

        [group.middle]               # layers that share their formats
        layers = ["conv2", "conv3"]

    Raises:
        DesignError: The file cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise DesignError(f"cannot read the space in {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DesignError(f"cannot read the space in {path}: {error}") from error


def options_in(space: Mapping[str, Any], allowed: Iterable[str]) -> dict[str, Any]:
    """Return the options of a space file.

    Raises:
        DesignError: It has one that nobody knows.
    """
    known = list(allowed)
    given = {name: value for name, value in space.items() if name not in _SECTIONS}
    for name in given:
        if name not in known:
            raise DesignError(
                f"the space has an unknown option '{name}'{nearest(name, [*known, *_SECTIONS])}; "
                f"known: {', '.join([*known, *_SECTIONS])}"
            )
    return given


def decisions_in(space: Mapping[str, Any], layers: Sequence[str]) -> tuple[Decision, ...]:
    """Return what a space decides about a network.

    Args:
        space: As `read_space` returns it.
        layers: The network's layers in the order of execution.

    Raises:
        DesignError: A section names a layer the network lacks, or one that another names too.
        FormatError: A format is unknown.
    """
    everywhere = _formats(_section(space, "formats"), "formats", {})
    missing = [operand for operand in OPERANDS if operand not in everywhere]
    if missing:
        raise DesignError(f"the space lacks {missing[0]} in its section [formats]")
    members: dict[tuple[str, ...], dict[str, tuple[Format, ...]]] = {}
    for name, group in _section(space, "group").items():
        where = f"group.{name}"
        wanted = _table(group, where)
        names = wanted.get("layers")
        if not (isinstance(names, list) and names and all(isinstance(n, str) for n in names)):
            raise DesignError(f'[{where}] needs layers = ["…", …]')
        members[tuple(names)] = _formats(
            {key: value for key, value in wanted.items() if key != "layers"}, where, everywhere
        )
    for name, layer in _section(space, "layer").items():
        where = f"layer.{name}"
        members[(name,)] = _formats(_table(layer, where), where, everywhere)
    named = [name for group in members for name in group]
    for name in named:
        if name not in layers:
            raise DesignError(
                f"no layer '{name}'{nearest(name, list(layers))}; known: {', '.join(layers)}"
            )
        if named.count(name) > 1:
            raise DesignError(f"layer '{name}' is named {named.count(name)} times")
    for name in layers:
        if name not in named:
            members[(name,)] = everywhere
    ordered = sorted(members.items(), key=lambda item: layers.index(item[0][0]))
    return tuple(
        Decision(layers=kept, operand=operand, formats=formats[operand])
        for group, formats in ordered
        for operand in OPERANDS
        if (kept := group if operand == "weights" else _not_first(group, layers))
    )


def _not_first(group: tuple[str, ...], layers: Sequence[str]) -> tuple[str, ...]:
    """Return the layers of a group whose inputs are not the network's."""
    return tuple(name for name in group if name != layers[0])


def _section(space: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _table(space.get(name, {}), name)


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DesignError(f"[{where}] must be a section")
    return value


def _formats(
    section: Mapping[str, Any], where: str, otherwise: Mapping[str, tuple[Format, ...]]
) -> dict[str, tuple[Format, ...]]:
    found = dict(otherwise)
    for name, sweep in section.items():
        if name not in OPERANDS:
            hint = nearest(name, [*OPERANDS, "layers"])
            raise DesignError(f"[{where}] has an unknown entry '{name}'{hint}")
        if not isinstance(sweep, str):
            raise DesignError(f'[{where}] {name} must be a text such as "int3-8,e2m1"')
        found[name] = parse_sweep(sweep)
    return found
