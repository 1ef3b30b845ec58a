"""Safe reading of YAML files: plain data only, with bounds on size and depth."""

from pathlib import Path
from typing import Any

import yaml

MAX_CHARACTERS = 1_000_000
"""Larger than any file of settings, prompts or prices."""


def read_yaml(path: Path, most: int = MAX_CHARACTERS) -> Any:
    """Read a YAML file of plain data.

    Args:
        path: the file.
        most: characters; a larger file is refused.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not UTF-8, not YAML, too large, or nested too deeply.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(most + 1)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error}") from error
    if len(text) > most:
        raise ValueError(f"too large: more than {most} characters")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
