"""Files of questions, as a provider reads them."""

import json
from pathlib import Path
from typing import Any


def questions(path: Path) -> list[dict[str, Any]]:
    """Read the questions of a file, one per line."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
