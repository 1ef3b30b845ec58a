"""Ten invented posts, each with a drawn picture and its gold entities."""

import json
from pathlib import Path

from PIL import Image, ImageDraw

from unco.types import Box, GoldEntity, GoldPost, Span

SIZE = (320, 240)
BOX = Box(40.0, 30.0, 140.0, 210.0)
"""Where the named person stands, as a rectangle."""

_POSTS = (
    ("Mira Okafor opens her new bakery in Lisbon", (0, 2), (7, 8)),
    ("Selfie with Tomas Lindqvist in Oslo", (2, 4), (5, 6)),
    ("Our coach Edith Mallory flew to Nairobi", (2, 4), (6, 7)),
    ("Anders Holt plays Chicago tonight", (0, 2), (3, 4)),
    ("Good night from Priya Raman and all of Mumbai", (3, 5), (8, 9)),
    ("Look who is in Berlin : Jonas Weber !", (6, 8), (4, 5)),
    ("Lena Marsh wins the marathon of Boston", (0, 2), (6, 7)),
    ("Ten years ago Carlos Vega left Madrid", (3, 5), (6, 7)),
    ("Happy birthday Ruth Ames , greetings from Dublin", (2, 4), (7, 8)),
    ("Dinner with Yuki Tanaka in Kyoto", (2, 4), (5, 6)),
)


def _gold(number: int, text: str, person: tuple[int, int], place: tuple[int, int]) -> GoldPost:
    entities = (GoldEntity(Span(*person), "PER", (BOX,)), GoldEntity(Span(*place), "LOC", ()))
    return GoldPost(str(number), tuple(text.split()), entities, SIZE)


GOLD = tuple(_gold(number, *post) for number, post in enumerate(_POSTS))


def write_posts(folder: Path) -> Path:
    """Write posts and pictures into a folder; return the file of the posts."""
    path = folder / "posts.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for number, post in enumerate(GOLD):
            picture = folder / f"{number}.png"
            _draw(number).save(picture)
            record = {"id": post.id, "text": " ".join(post.tokens), "image": str(picture)}
            lines.write(json.dumps(record) + "\n")
    return path


def _draw(number: int) -> Image.Image:
    picture = Image.new("RGB", SIZE, (200, 220, 16 * number))
    ImageDraw.Draw(picture).rectangle((BOX.x1, BOX.y1, BOX.x2, BOX.y2), fill=(180, 30, 40))
    return picture
