"""Six drawn posts, what a small model wrongly says of them, and the gold."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from tests.scripted import doubt
from tests.tiny import extraction
from unco.tools.extraction.extractor import Extractor
from unco.tools.pictures.view import view_picture
from unco.types import Box, Extraction, GoldEntity, GoldPost, Post, Span, Uncertainty

SIZES = ((320, 240), (240, 400), (600, 450), (1300, 1000), (150, 450), (2100, 600))
"""As posts have them, and two beyond some family's limits."""

FoundEntity = tuple[Span, str, Box | None, Uncertainty]


@dataclass(frozen=True)
class DrawnPost:
    gold: GoldPost
    found: tuple[FoundEntity, ...]
    """By the small model: each entity is wrong in one or more attributes, and unsure of exactly those."""
    image: str

    @property
    def text(self) -> str:
        return " ".join(self.gold.tokens)


def drawn_posts(folder: Path) -> list[DrawnPost]:
    return [_drawn(folder, index, size) for index, size in enumerate(SIZES)]


def _drawn(folder: Path, index: int, size: tuple[int, int]) -> DrawnPost:
    width, height = size
    tokens = ("Post", f"{index}", ":", "Ann", "Lee", "plays", "for", "the", "Blue", "Owls", "in", "New", "Oslo", "!")
    face = Box(width * 0.11, height * 0.21, width * 0.37, height * 0.83)
    sign = Box(width * 0.52, height * 0.06, width * 0.97, height * 0.33)
    image = Image.new("RGB", size, "white")
    for box, colour in ((face, "orange"), (sign, "black")):
        ImageDraw.Draw(image).rectangle((box.x1, box.y1, box.x2, box.y2), fill=colour)
    path = folder / f"post{index}.png"
    image.save(path)
    gold = (
        GoldEntity(Span(3, 5), "PER", (face,)),
        GoldEntity(Span(8, 10), "ORG", (sign, face)),
        GoldEntity(Span(11, 13), "LOC", ()),
    )
    found = (
        (Span(3, 4), "PER", sign, doubt("span region")),  # a word short, and the wrong box
        (Span(8, 10), "LOC", None, doubt("type region")),  # the wrong type, and a box missed
        (Span(10, 13), "LOC", face, doubt("span region")),  # a word too many, and a box for what is not there
    )
    return DrawnPost(GoldPost(f"{index}", tokens, gold, size), found, str(path))


def small_model(posts: list[DrawnPost]) -> Extractor:
    """Says of each post what was written down."""
    by_text = {post.text: post for post in posts}

    def extractor(post: Post) -> Extraction:
        known = by_text[str(post.text)]
        info = view_picture(post.image).info if post.image else None
        return extraction(known.gold.tokens, known.found, picture=info)

    return extractor
