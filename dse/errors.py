"""Every error bitfront raises on purpose, as one tree.

::

    BitfrontError                 str() says what is wrong, where, and what to do
    ├─ UserError                  the command line prints one line and exits with code 2
    │  ├─ FormatError             a number format's name or parameters
    │  ├─ DesignError             an illegal design point, graph or study
    │  │  ├─ FoldingError         (PE, SIMD) that do not divide a layer, an unreachable frame rate
    │  │  └─ DivergedError        training whose loss is NaN or Inf
    │  ├─ UnknownPluginError      no such model, data set, device, …; names the nearest
    │  ├─ UnsupportedLayerError   names the layer and the alternatives
    │  └─ DataError               damaged, missing or unusable data, weights or files
    ├─ ToolError                  an external tool; exit code 3
    │  ├─ ToolNotFoundError       which tool, and how to get it
    │  ├─ ToolFailedError         command, exit code, last lines of its log
    │  ├─ ToolTimeoutError
    │  └─ ReportParseError
    ├─ UnmodelledError            cost or RTL has no rule; nothing is ever costed 0 for want of one
    └─ VerificationError          RTL differs from golden: node, first differing vector

"Does not fit the device" during a search is a constraint violation with a number, not an error.
"""


class BitfrontError(Exception):
    """Root of the tree. Its text is one line that says what, where, and what to do."""

    exit_code = 1


class UserError(BitfrontError):
    """Something the user can put right."""

    exit_code = 2


class FormatError(UserError, ValueError):
    """A number format that cannot be parsed, built or used here."""


class DesignError(UserError, ValueError):
    """A design point, graph or study that contradicts itself or its surroundings."""


class FoldingError(DesignError):
    """A folding that does not divide its layer, or a frame rate no folding reaches."""


class DivergedError(DesignError):
    """Training whose loss became NaN or Inf."""


class UnknownPluginError(UserError, LookupError):
    """A name no registry knows."""


class UnsupportedLayerError(UserError):
    """A network layer bitfront cannot quantize, cost or build."""


class DataError(UserError):
    """Data, weights or files that are missing, damaged or do not fit."""


class ToolError(BitfrontError):
    """An external tool could not do its work."""

    exit_code = 3


class ToolNotFoundError(ToolError):
    """A tool is not installed."""


class ToolFailedError(ToolError):
    """A tool ended with an error."""


class ToolTimeoutError(ToolError):
    """A tool did not end in time."""


class ReportParseError(ToolError):
    """A tool's report could not be read."""


class UnmodelledError(BitfrontError):
    """There is no cost or RTL rule for this case."""


class VerificationError(BitfrontError):
    """Generated hardware and its reference disagree."""
