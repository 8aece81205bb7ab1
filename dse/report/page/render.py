"""HTML of a page: its parts put into one file, of which nothing can run but its own scripts."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

_WEB = Path(__file__).with_name("web")
_SCRIPTS = (
    "data", "front", "scale", "surface", "marks", "density", "filters", "scatter", "axes",
    "parallel", "details", "table", "page",
)  # fmt: skip
"""Files in the order they run; they share their names, as classic scripts do."""
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}
"""So that no text in the data can end its element or begin a comment."""


def render(content: Mapping[str, Any]) -> str:
    """Return the page that shows `content`, as `dse.report.page.payload` makes it.

    Its Content-Security-Policy lets run and apply what has the digest of one of our own files, and
    nothing be loaded.
    """
    style = _read("page.css")
    scripts = [_read(f"{name}.js") for name in _SCRIPTS]
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(map(_source, scripts)),
        "style-src": _source(style),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return Template(_read("page.html")).substitute(
        policy="; ".join(f"{name} {value}" for name, value in policy.items()),
        title=html.escape(f"{content['model']} on {content['data']}"),
        style=style,
        data=json_for_html(content),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def json_for_html(value: object) -> str:
    """Return JSON that may stand inside a script element, whatever its strings hold."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def _read(name: str) -> str:
    return (_WEB / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Return what a policy calls the inline `text`: its digest."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
