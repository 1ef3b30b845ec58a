"""Where training data lies, and how its posts become model inputs."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from unco.errors import DataError, SettingsError
from unco.evals.data.gold_types import with_types
from unco.evals.data.twitter_gmner import SPLITS, read_captions
from unco.evals.formats.detect_format import read_gold
from unco.small_model.config import ModelConfig
from unco.small_model.gold_inputs import (
    CaptionedInput,
    InputBuilder,
    RegionFilesInput,
    SimulatedRegionsInput,
    build_inputs,
    check_inputs,
    entity_names,
    text_only,
)
from unco.small_model.label_schemes import GMNER_OF
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.prepare_regions import read_settings
from unco.small_model.regions.region_files import RegionFolder
from unco.types import GoldPost

log = logging.getLogger(__name__)

SHARES = {"train": (0, 1, 2), "dev": (3,), "test": (4,)}
"""Which of five posts of a single file go into each split."""


@dataclass(frozen=True, slots=True)
class DataPaths:
    """Files and folders that training data is read from."""

    data: Path
    """Folder with a file of gold posts for each split; or one such file, whose posts are shared out by `SHARES`."""
    boxes: Path | None = None
    """Folder of the VOC files of CoNLL text, where it is not `data/xml`: Twitter-FMNERG has Twitter-GMNER v2.0's."""
    regions: Path | None = None
    """Folder of region files, one for each post; None = regions are simulated from the gold boxes."""
    captions: Path | None = None
    """Folder of `<split>.txt` with captions; None = no captions."""
    more: tuple[Path, ...] = ()
    """CoNLL texts of other sources, without pictures, that are trained on, too."""
    add: tuple[Path, ...] = ()
    """Reviewed posts and results of `unco run` that are trained on, too."""


def read_split(paths: DataPaths, labels: str, split: str) -> list[GoldPost]:
    """Read one split; posts of Twitter-FMNERG in its fine types, or in Twitter-GMNER's where those are wanted.

    Raises:
        DataError: it is missing, not in the format, or empty; or entities of a post overlap.
    """
    posts = [in_order(post) for post in _read(paths, split)]
    if not posts:
        raise DataError(f"{paths.data}: {split} holds no posts: a file that is shared out needs 5 or more")
    return with_types(posts, GMNER_OF) if labels == "gmner" and _has_fine_types(posts) else posts


def has_fine_labels(paths: DataPaths) -> bool:
    """Return whether all types of the training posts are Twitter-FMNERG's fine ones.

    Raises:
        DataError: as of `read_split`.
    """
    return _has_fine_types(read_split(paths, "", "train"))


def _read(paths: DataPaths, split: str) -> list[GoldPost]:
    if paths.boxes is not None and not paths.boxes.is_dir():
        raise DataError(f"{paths.boxes} is missing: give the folder of the VOC files with --boxes")
    if not paths.data.exists():
        raise DataError(f"{paths.data} is missing: give a folder with train, dev and test, or one file of gold posts")
    if paths.data.is_dir():
        return read_gold(paths.data, split, paths.boxes)
    whole = read_gold(paths.data, None, paths.boxes)
    return [post for place, post in enumerate(whole) if place % 5 in SHARES[split]]


def in_order(post: GoldPost) -> GoldPost:
    """Put the entities of a post in the order of the text, in which the network says them.

    Raises:
        DataError: two of them overlap.
    """
    entities = tuple(sorted(post.entities, key=lambda entity: entity.span.start))
    for one, other in zip(entities, entities[1:], strict=False):
        if other.span.start < one.span.stop:
            names = " and ".join(repr(" ".join(post.tokens[item.span.start : item.span.stop])) for item in (one, other))
            raise DataError(f"post {post.id!r}: {names} overlap, and the small model finds names apart: keep one")
    return replace(post, entities=entities)


def _has_fine_types(posts: Sequence[GoldPost]) -> bool:
    kinds = {entity.type for post in posts for entity in post.entities}
    return bool(kinds) and kinds <= GMNER_OF.keys()


def shows_regions(paths: DataPaths, train: Sequence[GoldPost]) -> bool:
    """Return whether the model is shown candidate regions: there are files of them, or boxes to simulate them from."""
    return paths.regions is not None or any(entity.boxes for post in train for entity in post.entities)


def check_regions(build_input: InputBuilder, gold: dict[str, list[GoldPost]], tell: Callable[[str], None]) -> None:
    """Read all region files, so that a fault shows now and not after hours, and tell how many posts have none.

    Raises:
        DataError: a file cannot be read, or no post has one.
    """
    posts = [post for split in gold.values() for post in split]
    missing = check_inputs(build_input, posts)
    if missing == len(posts):
        raise DataError("no post has a region file: --regions names a folder of <id>.npz or <id>.jpg.npz")
    if missing:
        tell(f"{missing} of {len(posts)} posts have no region file, so they are read without a picture")


def featuriser_of(paths: DataPaths) -> str:
    """Return the CLIP model that looked at the regions, by the note that `unco regions` leaves; empty = not known."""
    return "" if paths.regions is None else str(read_settings(paths.regions).get("features") or "")


def make_input_builder(paths: DataPaths, train: Sequence[GoldPost], people: Sequence[str] = ()) -> InputBuilder:
    """Make the function that turns gold posts into model inputs, for training and for scoring.

    Args:
        paths: of the data.
        train: the training posts, whose names stand on simulated lines of text. Without any box, no region is shown:
            all that could be learned from simulated ones is that nothing is ever in the picture.
        people: types of a user's own that are persons.
    """
    build_input: InputBuilder = _without_picture
    if paths.regions is not None:
        build_input = RegionFilesInput(RegionFolder(paths.regions))
    elif shows_regions(paths, train):
        build_input = SimulatedRegionsInput(entity_names(train), frozenset(people))
    else:
        log.warning("%s: no training post has a box, so regions are not learned", paths.data)
    if paths.captions is None:
        return build_input
    captions: dict[str, str] = {}
    for split in SPLITS:
        captions |= read_captions(paths.captions / f"{split}.txt")
    return CaptionedInput(build_input, captions)


def _without_picture(post: GoldPost, random: Random) -> ModelInput:
    return text_only(post)


def check_captions(paths: DataPaths, config: ModelConfig) -> None:
    """Check that a model is shown captions if, and only if, it was trained with them.

    Raises:
        SettingsError: it is not.
    """
    if config.captions and paths.captions is None:
        raise SettingsError("the checkpoint was trained with captions: give their folder with --captions")
    if not config.captions and paths.captions is not None:
        raise SettingsError("the checkpoint was trained without captions: leave --captions out")


def visual_features(build_input: InputBuilder, posts: Sequence[GoldPost]) -> int:
    """Read F, the number of visual features of a region, from the first post that has regions."""
    for post in posts:
        seen = build_inputs(build_input, [post])[0].regions
        if seen:
            return 0 if seen[-1].features is None else len(seen[-1].features)
    return 0
