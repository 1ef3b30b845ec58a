"""Posts that people reviewed or a multimodal LLM answered about, to learn from for good.

A reviewed post is gold, as `unco import-review` writes it. A result of `unco run` counts if all that was asked about it
was answered: each value was kept, changed, or decided by a person.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unco.corpus.formats.files import form_of
from unco.errors import DataError
from unco.evals.formats.detect_format import read_gold
from unco.evals.formats.failed_posts import Tell, failure_of
from unco.evals.formats.json_text import json_rows
from unco.evals.formats.results import read_results
from unco.training.examples.data_paths import in_order
from unco.training.examples.example import Example, of_data_set, of_text
from unco.types import GoldEntity, GoldPost, Result

ANSWERED = frozenset({"kept", "changed", "reviewed"})
"""Outcomes of an attribute that somebody answered about."""

Labelled = Callable[[Sequence[GoldPost]], list[GoldPost]]
"""Gives the entities of posts the labels of the network, where they have coarser types."""


@dataclass(frozen=True, slots=True)
class AddedPosts:
    """What there is to learn from."""

    reviewed: tuple[GoldPost, ...] = ()
    answered: tuple[GoldPost, ...] = ()
    left_out: int = 0
    """Results of which nothing was asked, or something was not answered."""

    def labelled(self, label: Labelled) -> "AddedPosts":
        """Copy with labels of the network."""
        return replace(self, reviewed=tuple(label(self.reviewed)), answered=tuple(label(self.answered)))

    def examples(self, copies: int) -> Iterator[Example]:
        """Yield each reviewed post `copies` times, and each answered one once."""
        for post in (*self.reviewed * copies, *self.answered):
            yield of_text(post) if post.size is None else of_data_set(post)

    @property
    def counts(self) -> dict[str, int]:
        """How many posts there are, for the card."""
        return {"reviewed": len(self.reviewed), "answered": len(self.answered), "left_out": self.left_out}


def read_added(paths: Sequence[Path], tell: Tell = lambda line: None) -> AddedPosts:
    """Read files of reviewed posts and of results.

    Args:
        paths: of both kinds.
        tell: as of `read_results`.

    Raises:
        DataError: one cannot be read, or is neither; or names of a post overlap.
    """
    reviewed, answered, left_out = list[GoldPost](), list[GoldPost](), 0
    for path in paths:
        if not _holds_results(path):
            reviewed += map(in_order, read_gold(path))
            continue
        results = read_results(path, tell)
        kept = [_as_gold(result, f"{path.stem}:{place}") for place, result in enumerate(results) if _is_settled(result)]
        answered += kept
        left_out += len(results) - len(kept)
    return AddedPosts(tuple(reviewed), tuple(answered), left_out)


def _holds_results(path: Path) -> bool:
    if path.is_dir():
        raise DataError(f"{path} is a folder: --add takes files of reviewed posts, or of results of unco run")
    if form_of(path) != "lines":
        return False
    first = next((row for row in json_rows(path) if failure_of(row[1]) is None), None)
    return first is not None and isinstance(first[1], dict) and "thresholds" in first[1]


def _is_settled(result: Result) -> bool:
    """Return whether something was asked, and all of it answered; a dropped name is not settled."""
    asked = [note.outcome for entity in result.entities for note in entity.corrections if note.outcome != "skipped"]
    known = all(entity.type is not None for entity in result.entities)
    return bool(asked) and not result.dropped and known and ANSWERED.issuperset(asked)


def _as_gold(result: Result, name: str) -> GoldPost:
    picture = result.seen_picture
    post = GoldPost(
        result.id or name,
        result.tokens,
        tuple(GoldEntity(one.span, one.type or "", one.regions if picture else ()) for one in result.entities),
        (picture.width, picture.height) if picture else None,
    )
    return in_order(post)
