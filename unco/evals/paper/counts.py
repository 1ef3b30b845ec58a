"""Table 4: how many posts, entities and boxes a data set has, counted from its files."""

from collections.abc import Mapping
from pathlib import Path

from unco.evals.data.twitter_gmner import SPLITS
from unco.evals.formats.detect_format import read_gold
from unco.types import GoldPost

Counts = Mapping[str, int]
"""By the name of Table 4's row."""


def count_data(folder: Path, boxes: Path | None = None) -> dict[str, Counts]:
    """Count each split of a data set's folder.

    Args:
        folder: with txt/ and xml/.
        boxes: folder of the VOC files, where it is not xml/ in the folder.

    Raises:
        DataError: a split is missing or not in the format.
    """
    return {split: count_posts(read_gold(folder, split, boxes)) for split in SPLITS}


def count_posts(posts: list[GoldPost]) -> Counts:
    """Count posts, types, entities, those in the picture, and boxes."""
    entities = [entity for post in posts for entity in post.entities]
    return {
        "types": len({entity.type for entity in entities}),
        "tweets": len(posts),
        "entities": len(entities),
        "groundable": sum(bool(entity.boxes) for entity in entities),
        "boxes": sum(len(entity.boxes) for entity in entities),
    }
