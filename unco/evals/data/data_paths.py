"""Where training data lies, and how its posts become model inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unco.errors import DataError, SettingsError
from unco.evals.data.twitter_gmner import has_fine_types, read_captions, read_fmnerg, read_gmner, split_file
from unco.small_model.gold_inputs import (
    CaptionedInput,
    InputBuilder,
    RegionFilesInput,
    SimulatedRegionsInput,
    build_inputs,
)
from unco.small_model.label_schemes import GMNER_OF, check_types
from unco.small_model.network.config import ModelConfig, Scheme
from unco.small_model.regions.region_files import RegionFolder
from unco.types import GoldPost, Label

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class DataPaths:
    """Folders that training data is read from."""

    data: Path
    """Folder with `txt/<split>.txt`, and `xml/` unless `boxes` is given."""
    boxes: Path | None = None
    """Folder of the VOC files, where it is not `data/xml`: Twitter-FMNERG has those of Twitter-GMNER v2.0."""
    regions: Path | None = None
    """Folder of region files, one for each post; None = regions are simulated from the gold boxes."""
    captions: Path | None = None
    """Folder of `<split>.txt` with captions; None = no captions."""
    more: tuple[Path, ...] = ()
    """CoNLL texts of other sources, without pictures, that are trained on, too."""


def read_split(paths: DataPaths, labels: str, split: str) -> list[GoldPost]:
    """Read one split; posts of Twitter-FMNERG in its fine types, or in Twitter-GMNER's where those are wanted.

    Raises:
        DataError: it is missing, not in the format, or empty.
    """
    boxes = paths.boxes or paths.data / "xml"
    if not boxes.is_dir():
        raise DataError(f"{boxes} is missing: give the folder of the VOC files with --boxes")
    fine = has_fine_labels(paths.data, split)
    posts = read_fmnerg(paths.data, boxes, split) if fine else read_gmner(paths.data, split, boxes)
    if not posts:
        raise DataError(f"{paths.data}: {split} holds no posts")
    return with_types(posts, GMNER_OF) if fine and labels == "gmner" else posts


def has_fine_labels(folder: Path, split: str) -> bool:
    """Whether a split has the three columns of Twitter-FMNERG.

    Raises:
        DataError: it is missing, or no text.
    """
    return has_fine_types(split_file(folder, split))


def with_types(posts: Sequence[GoldPost], types: Mapping[str, str]) -> list[GoldPost]:
    """Replace the types of gold posts: type -> the one to have."""
    return [
        replace(post, entities=tuple(replace(item, type=types[item.type]) for item in post.entities)) for post in posts
    ]


def in_scheme(posts: Sequence[GoldPost], labels: Sequence[Label], scheme: Scheme) -> list[GoldPost]:
    """Convert gold posts from a network's own labels to one of its schemes.

    Raises:
        DataError: an entity's type is none of the labels.
    """
    check_types(posts, [label.name for label in labels])
    return with_types(
        posts, {label.name: scheme.labels[index].name for label, index in zip(labels, scheme.of, strict=True)}
    )


def by_scheme(posts: Sequence[GoldPost], config: ModelConfig, first: str) -> dict[str, list[GoldPost]]:
    """Convert gold posts to each scheme of a network, in an order that starts with the given scheme."""
    names = dict.fromkeys((first, *config.schemes))
    return {name: in_scheme(posts, config.labels, config.schemes[name]) for name in names}


def make_input_builder(paths: DataPaths, names: tuple[str, ...]) -> InputBuilder:
    """Make the function that turns gold posts into model inputs, for training and for scoring."""
    build_input: InputBuilder = (
        SimulatedRegionsInput(names) if paths.regions is None else RegionFilesInput(RegionFolder(paths.regions))
    )
    if paths.captions is None:
        return build_input
    captions: dict[str, str] = {}
    for split in SPLITS:
        captions |= read_captions(paths.captions / f"{split}.txt")
    return CaptionedInput(build_input, captions)


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
    """Read F, the number of visual features of a region, from the first post."""
    seen = build_inputs(build_input, posts[:1])[0].regions
    return 0 if not seen or seen[0].features is None else len(seen[0].features)
