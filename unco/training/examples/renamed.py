"""Copies of training posts with other names of the same types, so that contexts are learned apart from names."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from unco.types import GoldEntity, GoldPost, Span

Names = Mapping[str, Sequence[tuple[str, ...]]]
"""The words of names, by type."""


def renamed_posts(posts: Sequence[GoldPost], copies: int, seed: int) -> list[GoldPost]:
    """Make copies of the posts that have names, each name replaced by one of its type, drawn from all the posts.

    A frequent name is drawn as often as a rare one. The copies have no boxes.
    """
    random, names = Random(seed), _names(posts)
    return [_renamed(post, names, random, copy) for copy in range(copies) for post in posts if post.entities]


def _names(posts: Sequence[GoldPost]) -> Names:
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for post in posts:
        for entity in post.entities:
            found[entity.type].add(post.tokens[entity.span.start : entity.span.stop])
    return {kind: sorted(names) for kind, names in found.items()}


def _renamed(post: GoldPost, names: Names, random: Random, copy: int) -> GoldPost:
    words: list[str] = []
    entities, read = [], 0
    for entity in sorted(post.entities, key=lambda one: one.span.start):
        words += post.tokens[read : entity.span.start]
        name = random.choice(names[entity.type])
        entities.append(GoldEntity(Span(len(words), len(words) + len(name)), entity.type, ()))
        words += name
        read = entity.span.stop
    words += post.tokens[read:]
    return replace(post, id=f"{post.id}#{copy + 1}", tokens=tuple(words), entities=tuple(entities), size=None)
