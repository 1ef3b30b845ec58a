"""Count small faces that are found, by their height: `python -m benchmarks.small_faces FOLDER...`.

Faces of the pictures in the folders are pasted onto those of them that have none, each in three places. With
`PYTHONPATH=CHECKOUT python -P benchmarks/small_faces.py FOLDER...` another version looks for them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from unco.small_model.regions.faces import FaceFinder, face_finder
from unco.tools.pictures.decode import open_picture
from unco.types import Box
from unco.types.picture_names import SUFFIXES

SIDES = 600, 1000
"""Pixels of the pictures' longer side."""
HEIGHTS = 0.02, 0.025, 0.03, 0.04, 0.05
"""Of the pasted faces, as shares of the picture's longer side."""
PLACES = 3
LARGE, SURE = 80, 0.95
"""Height in pixels, and score, from which a face is cut out and pasted."""
AROUND = 0.5
"""What is cut out with a face on each side, in its sizes."""
FOUND = 0.3
"""IoU from which a pasted face counts as found."""

Cut = tuple[Image.Image, Box]
"""A face with what is around it, and its box in there."""


def cut_faces(find: FaceFinder, image: Image.Image) -> Iterator[Cut]:
    """Cut out the large and sure faces of a picture."""
    for x1, y1, x2, y2, score in find(np.asarray(image)):
        if y2 - y1 >= LARGE and score >= SURE:
            left, top = max(0.0, x1 - AROUND * (x2 - x1)), max(0.0, y1 - AROUND * (y2 - y1))
            right, bottom = x2 + AROUND * (x2 - x1), y2 + AROUND * (y2 - y1)
            cut = image.crop(
                (round(left), round(top), round(min(right, image.width)), round(min(bottom, image.height)))
            )
            yield cut, Box(x1 - round(left), y1 - round(top), x2 - round(left), y2 - round(top))


def is_found(find: FaceFinder, cut: Cut, page: Image.Image, height: float, dice: Random) -> bool:
    """Paste a face of a height in pixels somewhere on a page, and look for it."""
    image, face = cut
    scale = height / (face.y2 - face.y1)
    small = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.BOX
    )
    left, top = dice.randrange(page.width - small.width), dice.randrange(page.height - small.height)
    pasted = page.copy()
    pasted.paste(small, (left, top))
    (x1, x2), (y1, y2) = ([left + scale * x for x in (face.x1, face.x2)], [top + scale * y for y in (face.y1, face.y2)])
    where = Box(x1, y1, x2, y2)
    return any(Box(*found[:4]).iou(where) >= FOUND for found in find(np.asarray(pasted)))


def main(folders: Annotated[list[Path], typer.Argument(help="Folders of pictures.")]) -> None:
    """Print how many of the pasted faces are found."""
    find, images = face_finder(), list(_pictures(folders))
    cuts = [cut for image in images for cut in cut_faces(find, image)]
    pages = [image for image in images if not find(np.asarray(image))]
    table = Table("longer side", *(f"{100 * height:g} %" for height in HEIGHTS), title=f"of {PLACES * len(cuts)} faces")
    for side in SIDES:
        table.add_row(str(side), *(str(_count(find, cuts, pages, side, height)) for height in HEIGHTS))
    Console().print(table)


def _count(find: FaceFinder, cuts: Sequence[Cut], pages: Sequence[Image.Image], side: int, height: float) -> int:
    dice, found = Random(1), 0
    for cut in cuts:
        for _ in range(PLACES):
            page = dice.choice(pages)
            scale = side / max(page.size)
            page = page.resize((round(page.width * scale), round(page.height * scale)))
            found += is_found(find, cut, page, height * side, dice)
    return found


def _pictures(folders: Sequence[Path]) -> Iterator[Image.Image]:
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in SUFFIXES:
                yield open_picture(str(path)).at_full_size().convert("RGB")


if __name__ == "__main__":
    typer.run(main)
