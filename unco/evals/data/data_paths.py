"""Where a training run reads from, and how its posts are shown to the model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unco.errors import DataError, SettingsError
from unco.evals.data.twitter_gmner import read_captions, read_fmnerg, read_gmner
from unco.small_model.gold_inputs import (
    CaptionedInput,
    InputBuilder,
    RegionFilesInput,
    SimulatedRegionsInput,
    build_inputs,
)
from unco.small_model.label_schemes import check_types
from unco.small_model.network.config import ModelConfig, Scheme
from unco.small_model.regions.region_files import RegionFolder
from unco.types import GoldPost, Label

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a training run reads from."""

    data: Path
    """With `txt/<split>.txt`, and `xml/` unless `boxes` is given."""
    boxes: Path | None = None
    """Folder of the VOC files, where it is not `data/xml`: Twitter-FMNERG has those of Twitter-GMNER v2.0."""
    regions: Path | None = None
    """Folder of region files, one for each post; None = regions are simulated from the gold boxes."""
    captions: Path | None = None
    """Folder of `<split>.txt` with captions; None = no captions."""


def read_split(sources: Sources, labels: str, split: str) -> list[GoldPost]:
    """One split in a label scheme's own types.

    Raises:
        DataError: it is missing, not in the format, or empty.
    """
    boxes = sources.boxes or sources.data / "xml"
    if not boxes.is_dir():
        raise DataError(f"{boxes} is missing: give the folder of the VOC files with --boxes")
    fine = labels == "fmnerg"
    posts = read_fmnerg(sources.data / "txt", boxes, split) if fine else read_gmner(sources.data, split, boxes)
    if not posts:
        raise DataError(f"{sources.data}: {split} holds no posts")
    return posts


def in_scheme(posts: Sequence[GoldPost], labels: Sequence[Label], scheme: Scheme) -> list[GoldPost]:
    """Gold posts of a network's own labels, as one of its schemes reads them.

    Raises:
        DataError: an entity's type is none of the labels.
    """
    check_types(posts, [label.name for label in labels])
    types = {label.name: scheme.labels[index].name for label, index in zip(labels, scheme.of, strict=True)}
    return [
        replace(post, entities=tuple(replace(item, type=types[item.type]) for item in post.entities)) for post in posts
    ]


def by_scheme(posts: Sequence[GoldPost], config: ModelConfig, first: str) -> dict[str, list[GoldPost]]:
    """Gold posts as each scheme of a network reads them, one scheme first."""
    names = dict.fromkeys((first, *config.schemes))
    return {name: in_scheme(posts, config.labels, config.schemes[name]) for name in names}


def make_look(sources: Sources, names: tuple[str, ...]) -> InputBuilder:
    """How posts are shown, in training and in scoring."""
    look: InputBuilder = (
        SimulatedRegionsInput(names) if sources.regions is None else RegionFilesInput(RegionFolder(sources.regions))
    )
    if sources.captions is None:
        return look
    captions: dict[str, str] = {}
    for split in SPLITS:
        captions |= read_captions(sources.captions / f"{split}.txt")
    return CaptionedInput(look, captions)


def check_captions(sources: Sources, config: ModelConfig) -> None:
    """Check that a model is shown captions if, and only if, it was trained with them.

    Raises:
        SettingsError: it is not.
    """
    if config.captions and sources.captions is None:
        raise SettingsError("the checkpoint was trained with captions: give their folder with --captions")
    if not config.captions and sources.captions is not None:
        raise SettingsError("the checkpoint was trained without captions: leave --captions out")


def visual_features(look: InputBuilder, posts: Sequence[GoldPost]) -> int:
    """F, as the first post's regions have it."""
    seen = build_inputs(look, posts[:1])[0].regions
    return 0 if not seen or seen[0].features is None else len(seen[0].features)
