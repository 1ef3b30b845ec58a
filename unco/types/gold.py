"""Annotated (gold) posts and entities."""

from dataclasses import dataclass

from unco.types.geometry import Box, Span


@dataclass(frozen=True, slots=True)
class GoldEntity:
    """One annotated entity."""

    span: Span
    type: str
    boxes: tuple[Box, ...]
    """All boxes of its name in the picture; empty = not groundable."""


@dataclass(frozen=True, slots=True)
class GoldPost:
    """One annotated post."""

    id: str
    """Name of the picture without its extension."""
    tokens: tuple[str, ...]
    entities: tuple[GoldEntity, ...]
    size: tuple[int, int] | None
    """(width, height) of the picture in pixels; None = no xml file, so nothing is grounded."""
