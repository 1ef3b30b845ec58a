"""Write pages as one HTML file: JSON that cannot end its script element, and a policy that names each inline source."""

import json
from base64 import b64encode
from collections.abc import Sequence
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
    """Render the report with its data, style and script; ASCII."""
    return fill_page(__package__, "page", SCRIPTS, data)


def fill_page(package: str, name: str, scripts: Sequence[str], data: dict[str, Any]) -> str:
    """Fill a page's template, `<name>.html`, with its data, its style `<name>.css`, its scripts and their hashes.

    Args:
        package: the package that holds the files.
        name: of the page.
        scripts: names of files, in their order.
        data: plain JSON.
    """
    folder = files(package)
    script, style = (
        "".join((folder / one).read_text("utf-8") for one in names) for names in (scripts, [f"{name}.css"])
    )
    return Template((folder / f"{name}.html").read_text("utf-8")).substitute(
        data=script_safe_json(data),
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def script_safe_json(data: Any) -> str:
    """Write JSON that is safe inside an HTML script element, whatever its strings are."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED)


def write_page(data: dict[str, Any], path: Path) -> None:
    """Write the report.

    Raises:
        DataError: it cannot be written.
    """
    write_text(render_page(data), path)


def _hash(text: str) -> str:
    """Hash an inline script or style, in the form that Content-Security-Policy wants."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
