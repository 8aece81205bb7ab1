"""What a user writes to name a data set: ``NAME[:PATH][?option=value&…]``."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dse.errors import DataError


class PathRule(Enum):
    """Whether a data set's name is followed by a path."""

    NONE = "takes no path"
    OPTIONAL = "may be followed by :PATH"
    REQUIRED = "must be followed by :PATH"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """A parsed data set description.

    Attributes:
        text: As the user wrote it; names the data set in messages and reports.
        name: The plug-in.
        path: ``""`` where none was given.
        options: Pairs of name and value, in the order written.
    """

    text: str
    name: str
    path: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "DataSpec":
        """Parse ``NAME[:PATH][?option=value&…]``.

        Raises:
            DataError: An option is not of the form ``name=value``, or is given twice.
        """
        body, _, query = text.partition("?")
        name, _, path = body.partition(":")
        pairs = []
        for item in query.split("&") if query else ():
            option, equals, value = item.partition("=")
            if not (option and equals and value):
                raise DataError(f"data '{text}': option '{item}' must look like name=value")
            pairs.append((option, value))
        if len({option for option, _ in pairs}) < len(pairs):
            raise DataError(f"data '{text}': an option is given twice")
        return cls(text=text, name=name, path=path, options=tuple(pairs))

    def check(self, *, path: PathRule, options: frozenset[str]) -> None:
        """Refuse a path or an option that the data set does not take.

        Raises:
            DataError: Says which one, and what is possible.
        """
        if (path is PathRule.NONE and self.path) or (path is PathRule.REQUIRED and not self.path):
            raise DataError(f"data '{self.text}': '{self.name}' {path.value}")
        for option, _ in self.options:
            if option not in options:
                known = ", ".join(sorted(options)) or "none"
                raise DataError(
                    f"data '{self.text}': '{self.name}' has no option '{option}'; known: {known}"
                )

    def option(self, name: str, default: str) -> str:
        """Return the value of the option `name`, or `default` where it was not given."""
        return dict(self.options).get(name, default)

    def folder(self) -> Path:
        """Return the path, with ``~`` expanded."""
        return Path(self.path).expanduser()
