"""Gold posts as input of the graph, with their pictures or with blank ones.

Blank pictures have the right size; the small model's candidates are then simulated from the gold boxes.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from unco.errors import DataError
from unco.small_model.gold_inputs import DEFAULT_SIZE, InputBuilder, build_inputs
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region import Region, scaled
from unco.small_model.regions.region_files import MissingRegions
from unco.tools.extraction.extractor import Extractor, NetworkExtractor
from unco.tools.pictures.by_id import picture_by_id
from unco.types import Extraction, GoldPost, Post

Input = dict[str, Any]


def inputs_with_blank_pictures(gold: Sequence[GoldPost], folder: Path) -> list[Input]:
    """Make the graph's inputs: tokens, id, and a blank picture for each post.

    Args:
        gold: the posts.
        folder: for the pictures; made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [{"text": list(post.tokens), "id": post.id, "image": _blank(post, folder)} for post in gold]


def with_sizes(gold: Sequence[GoldPost], build_input: InputBuilder) -> list[GoldPost]:
    """Give posts the size of the picture that their regions are of, where it is known."""
    shown = build_inputs(build_input, gold)
    return [replace(post, size=one.size or post.size) for post, one in zip(gold, shown, strict=True)]


def with_simulated_regions(
    predictor: Predictor, build_input: InputBuilder, gold: Sequence[GoldPost], folder: Path
) -> Extractor:
    """Make an extractor whose candidate regions are simulated; it reads each post once.

    Args:
        predictor: the small model.
        build_input: what candidates a post has.
        gold: the posts.
        folder: where their pictures are.
    """
    shown = build_inputs(build_input, gold)
    inputs = {str(_path(post, folder)): model_input for post, model_input in zip(gold, shown, strict=True)}

    def provider(image: Image.Image, source: str) -> list[Region]:
        size = inputs[source].size
        if size is None:
            raise MissingRegions(f"no region file of {source}")
        return list(scaled(inputs[source].regions, image.width / size[0]))  # a large picture is opened reduced

    return read_once(NetworkExtractor(lambda: predictor, provider))


def read_once(extractor: Extractor) -> Extractor:
    """Wrap an extractor so that it reads each post once, and all arms start from the same entities."""
    known = dict[Post, Extraction]()

    def extract(post: Post) -> Extraction:
        if post not in known:
            known[post] = extractor(post)
        return known[post]

    return extract


def inputs_with_pictures(gold: Sequence[GoldPost], folder: Path | None) -> list[Input]:
    """Make the graph's inputs: tokens, id, and the picture named by the post's id.

    Raises:
        DataError: a post has none in the folder.
    """
    found = [None if folder is None else picture_by_id(post.id, folder) for post in gold]
    missing = [post.id for post, path in zip(gold, found, strict=True) if folder is not None and path is None]
    if missing:
        raise DataError(f"{folder} has no picture for {len(missing)} of {len(gold)} posts; the first is {missing[0]!r}")
    return [
        {"text": list(post.tokens), "id": post.id, "image": path and str(path)}
        for post, path in zip(gold, found, strict=True)
    ]


def _path(post: GoldPost, folder: Path) -> Path:
    return folder / f"{post.id}.png"


def _blank(post: GoldPost, folder: Path) -> str:
    path = _path(post, folder)
    if not path.exists():
        Image.new("RGB", post.size or DEFAULT_SIZE, "white").save(path)
    return str(path)
