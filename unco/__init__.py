"""Grounded multimodal NER with uncertainty-guided correction by a multimodal LLM.

A small model finds each named entity's span, type and box and says how unsure it is of each; a multimodal LLM corrects
only what is uncertain. `extract` does it for one post, `extract_many` for many; `unco.graph.graph` is the LangGraph
state machine behind it.
"""

from typing import TYPE_CHECKING, Any

from unco import moved
from unco.context import Context
from unco.types import Box, Correction, Entity, Post, Result, Span, Thresholds, Uncertainty

if TYPE_CHECKING:
    from unco.api import extract, extract_many

__all__ = [
    "Box",
    "Context",
    "Correction",
    "Entity",
    "Post",
    "Result",
    "Span",
    "Thresholds",
    "Uncertainty",
    "extract",
    "extract_many",
]

moved.install()


def __dir__() -> list[str]:
    """Name also what is loaded when it is first used, for `help` and editors."""
    return sorted({*globals(), *__all__, "__version__"})


def __getattr__(name: str) -> Any:
    """Load functions and look up `__version__` when they are first used: importing unco must stay quick."""
    if name in ("extract", "extract_many"):
        from unco import api

        return getattr(api, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("unco")
    raise AttributeError(f"module 'unco' has no attribute {name!r}")
