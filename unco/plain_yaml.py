"""Safe reading of YAML files: plain data only, with bounds on size and depth."""

from pathlib import Path
from typing import Any

import yaml

MAX_CHARACTERS = 1_000_000
"""Larger than any file of settings, prompts or prices."""

MAX_VALUES = 100_000
"""Values of a file with its aliases written out; a few lines of aliases of aliases can make billions."""


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
        loader = yaml.SafeLoader(text)
        if (root := loader.get_single_node()) is None:
            return None
        if _values_of(root, {}) > MAX_VALUES:
            raise ValueError(f"too large: more than {MAX_VALUES} values once its aliases are written out")
        return loader.construct_document(root)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _values_of(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values below a node, those of aliases at each place; one that holds itself has too many."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = MAX_VALUES + 1  # what is met again while it is counted holds itself
        pairs = node.value if isinstance(node, yaml.MappingNode) else [(inner,) for inner in node.value]
        known[id(node)] = 1 + sum(_values_of(inner, known) for pair in pairs for inner in pair)
    return known[id(node)]
