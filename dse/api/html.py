"""How a study looks in a notebook."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from dse.report.symbols import TIMES

if TYPE_CHECKING:
    from dse.report import Findings

_ROWS = 20


def study_html(folder: Path, findings: "Findings") -> str:
    """Return a study as HTML: what was asked, how far it is, and its front, cheapest point first.

    Text from outside, such as names of networks and files, is escaped.
    """
    settings = findings.header.settings
    before = findings.header.float_accuracy
    front = findings.front
    count = f"{len(findings.evaluations)} of {findings.n_planned} points evaluated"
    ended = f", {len(findings.ended)} ended without an accuracy" if findings.ended else ""
    rate = f"at {settings.fps:g} fps" if settings.fps else f"as fast as fits {settings.board}"
    title = f"{settings.model} on {settings.data}, {settings.device} {rate}"
    lines = [
        f"<p><b>{escape(title)}</b><br>{escape(str(folder))}: {count}{ended}; "
        f"float32 {before.test_top1_pct:.2f} % on {before.n_test} test images</p>"
    ]
    if front.empty:
        return "".join([*lines, "<p>No point is on the front yet.</p>"])
    columns = {
        "digest": "point",
        "weight_format": "weights",
        "act_format": "activations",
        **({"recipe": "recipe"} if set(front["recipe"]) != {"none"} else {}),
        "val_top1_pct": "validation [%]",
        "test_top1_pct": "test [%]",
        **{name: name for name in findings.objectives if name != "test_top1_pct"},
    }
    shown = front.head(_ROWS)[list(columns)].assign(digest=front["digest"].str[:8])
    table = shown.rename(columns=columns).to_html(
        index=False, border=0, escape=True, float_format="{:.2f}".format
    )
    more = f"; the first {_ROWS} are shown" if len(front) > _ROWS else ""
    objectives = f" {TIMES} ".join(findings.objectives)
    caption = f"Front of {len(front)} points in {escape(objectives)}, chosen on validation{more}."
    return "".join([*lines, table, f"<p>{caption}</p>"])
