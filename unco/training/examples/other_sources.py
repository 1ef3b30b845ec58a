"""Training posts of other sources: their types read as ours, what they leave unlabelled filled in by a teacher.

A source has fewer types than our schemes, and may not label all that our data does. Its spans are kept; each
gets the label that the teacher finds most probable among those that the source's type allows. Names of types that a
source never labels are the teacher's own, so that they are not learned as no names (self-training).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from unco.errors import DataError, SettingsError
from unco.evals.data.gold_types import with_types
from unco.evals.data.twitter_gmner import read_tagged
from unco.small_model.batch import Array, encode_post, make_batch
from unco.small_model.decoding.tagging_head import label_probabilities
from unco.small_model.label_schemes import GMNER_OF
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.prediction import Prediction
from unco.training.examples.collator import check_lengths
from unco.types import GoldEntity, GoldPost

TYPES: Mapping[str, str] = {
    "per": "PER",
    "person": "PER",
    "loc": "LOC",
    "location": "LOC",
    "gpe": "LOC",
    "geo-loc": "LOC",
    "facility": "LOC",
    "org": "ORG",
    "organization": "ORG",
    "group": "ORG",
    "corporation": "ORG",
    "company": "ORG",
    "misc": "OTHER",
    "other": "OTHER",
    "creative-work": "OTHER",
    "product": "OTHER",
    "event": "OTHER",
}
"""What other sources call Twitter-GMNER's four types, in small letters."""

SURE = 0.5
"""Doubt of a span up to which the teacher's own name is learned."""


def read_sources(paths: Sequence[Path], teacher: Predictor, labels: str) -> list[GoldPost]:
    """Read the files of other sources in a recipe's labels.

    Args:
        paths: of CoNLL texts.
        teacher: see `read_source`.
        labels: of the recipe; those of the teacher's network, or `gmner`.

    Raises:
        SettingsError: the teacher has other labels.
        DataError: as `read_source`.
    """
    if paths and labels not in (teacher.network.config.label_scheme, "gmner"):
        raise SettingsError(
            f"other sources are read in the labels of {teacher.name} or in gmner, and the recipe has {labels!r}: "
            "start from a checkpoint with these labels, or leave --more out"
        )
    posts = [post for path in paths for post in read_source(path, teacher)]
    return (
        with_types(posts, GMNER_OF) if labels == "gmner" and teacher.network.config.label_scheme == "fmnerg" else posts
    )


def read_source(path: Path, teacher: Predictor) -> list[GoldPost]:
    """Read a file of CoNLL text in the labels of the teacher's network.

    Handles (`@name`) are no names in our data and are left out.

    Args:
        path: of the file.
        teacher: with a scheme `gmner`; its predictions fill in what the source leaves open.

    Raises:
        DataError: it cannot be read, has a type of which we do not know what it is of ours, or a post that is longer
            than the encoder.
    """
    posts = read_four_types(path)
    config = teacher.network.config
    labels, four = [label.name for label in config.labels], config.schemes["gmner"]
    coarse = dict(zip(labels, (four.labels[index].name for index in four.of), strict=True))
    labelled = {entity.type for post in posts for entity in post.entities}
    own = replace(teacher, scheme=config.schemes[config.label_scheme]).predict(
        [ModelInput(post.tokens) for post in posts]
    )
    return [
        _filled_in(_finer(post, chances, coarse), predicted, {name for name in labels if coarse[name] not in labelled})
        for post, chances, predicted in zip(posts, _label_chances(posts, teacher), own, strict=True)
    ]


def in_labels(posts: Sequence[GoldPost], types: Sequence[str], reader: Callable[[], Predictor]) -> list[GoldPost]:
    """Give posts the labels of a network, where some have Twitter-GMNER's four types in place of them.

    Args:
        posts: with either.
        types: of the network.
        reader: loads a model with these labels; called only where it is needed.

    Raises:
        DataError: as of `with_finer_labels`.
    """
    if all(entity.type in types for post in posts for entity in post.entities):
        return list(posts)
    return with_finer_labels(posts, reader())


def with_finer_labels(posts: Sequence[GoldPost], teacher: Predictor) -> list[GoldPost]:
    """Give each entity the label that the teacher finds most probable among those that its type allows.

    Raises:
        DataError: a type is neither a label of the teacher's network nor one of Twitter-GMNER's four; or a post is
            longer than the encoder.
    """
    config = teacher.network.config
    four = config.schemes.get("gmner", config.schemes[config.label_scheme])  # types of a user's own are no finer
    coarse = dict(zip(config.types, (four.labels[index].name for index in four.of), strict=True))
    known = {*coarse, *coarse.values()}
    for post in posts:
        for entity in post.entities:
            if entity.type not in known:
                raise DataError(f"post {post.id!r}: {entity.type!r} is no type of {teacher.name}, and none of the four")
    return [_finer(post, chances, coarse) for post, chances in zip(posts, _label_chances(posts, teacher), strict=True)]


def read_four_types(path: Path) -> list[GoldPost]:
    """Read a file of CoNLL text in Twitter-GMNER's four types, without handles.

    Raises:
        DataError: it cannot be read, or has a type of which we do not know what it is of ours.
    """
    return [_in_four_types(post, path) for post in read_tagged(path, path.parent / "xml", fine=False)]


def _in_four_types(post: GoldPost, path: Path) -> GoldPost:
    entities = []
    for entity in post.entities:
        kind = TYPES.get(entity.type.lower())
        if kind is None:
            raise DataError(f"{path}: {entity.type!r} is no type that is known here; known are {', '.join(TYPES)}")
        if not is_handle(post.tokens, entity.span.start):
            entities.append(replace(entity, type=kind, boxes=()))
    return replace(post, entities=tuple(entities), size=None)


def is_handle(tokens: Sequence[str], start: int) -> bool:
    """Return whether a name that starts at a word is a handle: `@name`, in one word or two."""
    return tokens[start].startswith("@") or (start > 0 and tokens[start - 1] == "@")


def _label_chances(posts: Sequence[GoldPost], teacher: Predictor) -> Iterator[Array]:
    """Give the teacher's distribution over the labels for each post's entities, (E, N)."""
    tokenizer = teacher.tokenizer
    for start in range(0, len(posts), teacher.batch_size):
        part = posts[start : start + teacher.batch_size]
        whole_words = teacher.network.config.whole_words
        encoded = [encode_post(ModelInput(post.tokens), tokenizer, whole_words=whole_words) for post in part]
        batch = make_batch(encoded, tokenizer)
        check_lengths(part, batch, teacher.network.config)
        network = teacher.network.runtime()
        tags = network.read_tags(network.encode(batch))
        most = max(len(post.entities) for post in part)
        first, last = (np.full((len(part), most), -1) for _ in range(2))
        for row, post in enumerate(part):
            for place, entity in enumerate(post.entities):
                first[row, place], last[row, place] = entity.span.start, entity.span.stop - 1
        yield from label_probabilities(tags, first, last)


def _finer(post: GoldPost, chances: Array, coarse: Mapping[str, str]) -> GoldPost:
    """Give each entity the most probable label of those that its type allows, or is; `coarse`: label -> type."""
    names, found = list(coarse), []
    for entity, row in zip(post.entities, chances, strict=False):  # rows of other posts' entities are padding
        allowed = [entity.type in (name, coarse[name]) for name in names]
        found.append(replace(entity, type=names[int(np.where(allowed, row, -1.0).argmax())]))
    return replace(post, entities=tuple(found))


def _filled_in(post: GoldPost, predicted: Sequence[Prediction], missing: set[str]) -> GoldPost:
    """Add what the teacher finds of types that the source never labels, where nothing else is."""
    taken = {word for entity in post.entities for word in range(entity.span.start, entity.span.stop)}
    added = [
        GoldEntity(one.span, one.type, ())
        for one in predicted
        if one.type in missing
        and one.uncertainty.span <= SURE
        and taken.isdisjoint(range(one.span.start, one.span.stop))
        and not is_handle(post.tokens, one.span.start)
    ]
    return replace(post, entities=tuple(sorted((*post.entities, *added), key=lambda entity: entity.span.start)))
