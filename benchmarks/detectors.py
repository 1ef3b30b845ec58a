"""Compare region providers on pictures with gold boxes: `python -m benchmarks.detectors FOLDER... --boxes XML`.

The pictures are named by their ids, as in the data set; those without a VOC file count for time alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from unco.evals.data.voc import read_boxes
from unco.small_model.regions.choose import provider_of
from unco.small_model.regions.region import Region, RegionProvider
from unco.tools.pictures.decode import open_picture
from unco.types import Box
from unco.types.picture_names import SUFFIXES

COVERED = 0.5
"""IoU from which a gold box counts as found."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider found in all pictures."""

    regions: Mapping[str, Sequence[Region]]
    """By id of the picture."""
    seconds: float
    """Median of a picture, of the processor."""
    total: float
    """Of all pictures."""


def gold_boxes(ids: Sequence[str], folder: Path) -> dict[tuple[str, str], Box]:
    """Read gold boxes, by picture and a name with the number of the box."""
    found: dict[tuple[str, str], Box] = {}
    for identity in ids:
        named = read_boxes(folder / f"{identity}.xml").by_name
        found |= {(identity, f"{name} {n}"): box for name, boxes in named.items() for n, box in enumerate(boxes)}
    return found


def look(provider: RegionProvider, pictures: Mapping[str, Image.Image]) -> Found:
    """Find the regions of all pictures, one after another, after one look that does not count."""
    provider(next(iter(pictures.values())).resize((320, 240)), "")
    regions, times = dict[str, Sequence[Region]](), list[float]()
    for identity, image in pictures.items():
        began = process_time()
        regions[identity] = provider(image, identity)
        times.append(process_time() - began)
    return Found(regions, median(times), sum(times))


def tables(found: Mapping[str, Found], gold: Mapping[tuple[str, str], Box]) -> list[Table]:
    """Make two tables: the best IoU of each gold box, and coverage, regions and time of each provider."""
    boxes = Table("gold box", *found, title="Best IoU of a region with each gold box")
    for (identity, name), box in gold.items():
        best = (max((one.box.iou(box) for one in each.regions[identity]), default=0.0) for each in found.values())
        boxes.add_row(f"{identity} {name}", *(f"{iou:.2f}" for iou in best))
    summary = Table(
        "", "gold boxes found", "regions a picture", "median", "all pictures", title="Providers, processor time"
    )
    for name, each in found.items():
        hits = sum(
            any(one.box.iou(box) >= COVERED for one in each.regions[identity]) for (identity, _), box in gold.items()
        )
        count = sum(map(len, each.regions.values())) / len(each.regions)
        summary.add_row(
            name, f"{hits} of {len(gold)}", f"{count:.1f}", f"{1000 * each.seconds:.0f} ms", f"{each.total:.2f} s"
        )
    return [boxes, summary]


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of pictures, named by their ids.")],
    boxes: Annotated[Path, typer.Option(help="Folder of VOC files.")],
    detector: Annotated[list[str] | None, typer.Option(help="Detectors to compare, beside faces and text.")] = None,
) -> None:
    """Print what each provider finds of the gold boxes, and how long it takes."""
    paths = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    pictures = {path.stem: open_picture(str(path)).at_full_size() for path in paths}
    gold = gold_boxes(list(pictures), boxes)
    found = {name or "faces and text": look(provider_of(name), pictures) for name in ("", *(detector or ()))}
    for table in tables(found, gold):
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
