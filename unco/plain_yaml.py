"""YAML files of plain data: no objects are made, and neither size nor depth can exhaust the reader."""

from pathlib import Path
from typing import Any

import yaml

MOST_CHARACTERS = 1_000_000
"""Larger than any file of settings, prompts or prices."""


def read_yaml(path: Path) -> Any:
    """What a file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not UTF-8, not YAML, too large, or nested too deeply.
    """
    with path.open(encoding="utf-8") as file:
        text = file.read(MOST_CHARACTERS + 1)
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"is too large: more than {MOST_CHARACTERS} characters")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
