"""The report as one HTML file: data as JSON that cannot end its script, and a policy that forbids every request."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from unco.evals.formats.json_text import write_text

SCRIPTS = ("score.js", "plots.js", "cards.js", "main.js")

_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""Inside JSON these stand in strings only, where an escape means the same; without them no markup can be read."""


def render_page(data: dict[str, Any]) -> str:
    """The page with its data, style and script; ASCII."""
    script, style = "".join(_source(name) for name in SCRIPTS), _source("page.css")
    return Template(_source("page.html")).substitute(
        data=plain_json(data),
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def plain_json(data: Any) -> str:
    """JSON that can stand in an HTML script element whatever the strings in it are."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED)


def write_page(data: dict[str, Any], path: Path) -> None:
    """Write the page.

    Raises:
        DataError: it cannot be written.
    """
    write_text(render_page(data), path)


def _source(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _hash(text: str) -> str:
    """Of an inline script or style, as Content-Security-Policy wants it."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
