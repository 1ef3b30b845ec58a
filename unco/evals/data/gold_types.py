"""Types of gold posts, replaced by others or by those of a network's schemes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from unco.small_model.config import ModelConfig, Scheme
from unco.small_model.label_schemes import check_types
from unco.types import GoldPost, Label


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
