"""Decisions about names: what an answer or a person came to, as one post tells it."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from unco.tools.extraction.known_names import name_key
from unco.types import Correction, Entity, Extraction, Label, Span

Remembered = Literal["span", "type"]
"""Attributes whose decisions hold for other posts; a region belongs to its picture."""

REMEMBERED: tuple[Remembered, ...] = get_args(Remembered)

DecidedBy = Literal["answer", "review"]
"""Who decided: the MLLM, or a person."""

LONGEST_NAME = 200
"""Characters of a name, of which no longer one is remembered."""

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
"""A lone surrogate: no store can write it, and one such name would keep the others of its post from being written."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one attribute of a name."""

    name: str
    """The words that the decision is about, see `name_key`: of a type as they are at the end, of a span as found."""
    attribute: Remembered
    said: str
    """What the small model had said: a type, or the words as `name_key` gives them."""
    decided: str
    """What it came to; equal to `said` where it was confirmed."""
    by: DecidedBy
    day: date
    """In UTC."""
    labels: str
    """Hash of the names of the types that there were to choose from."""
    post: str
    """Hash of the post's text and of the place in it, so that a post that is run again counts once."""

    @property
    def names(self) -> frozenset[str]:
        """All names that it holds, as `name_key`: of a span those before and after."""
        return frozenset({self.name, self.said, self.decided} if self.attribute == "span" else {self.name})

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON, as a store holds it."""
        return asdict(self) | {"day": self.day.isoformat()}


_DECISION = TypeAdapter(Decision)


def decision_from(value: object) -> Decision | None:
    """Read what `to_dict` wrote; None = it is none: whoever else writes into a store must not stop a post."""
    try:
        return _DECISION.validate_python(value)
    except ValidationError:
        return None


def hash_of_labels(labels: tuple[Label, ...]) -> str:
    """Hash the names of types, in any order: decisions among other types say nothing here."""
    return _hash("\n".join(sorted(label.name for label in labels)))


def hash_of_place(text: str, span: Span) -> str:
    """Hash a post's text and a place in it, by which a post that is run again is known."""
    return _hash(f"{text}\n{span}")


def decisions_about(entities: tuple[Entity, ...], extraction: Extraction, today: date) -> list[Decision]:
    """List what was decided about a post's entities, as long as they are the small model's own.

    Args:
        entities: of the result, with their corrections, dropped ones among them.
        extraction: of the post; its entities are as the small model found them.
        today: in UTC.
    """
    found = {entity.index: entity for entity in extraction.entities}
    return [
        decision
        for entity in entities
        if entity.index in found
        for decision in _about(entity, found[entity.index], extraction, today)
        if 0 < len(decision.name) <= LONGEST_NAME and not any(map(_HALF_A_CHARACTER.search, decision.names))
    ]


def _about(entity: Entity, found: Entity, extraction: Extraction, today: date) -> Iterator[Decision]:
    words = name_key(found.text), name_key(entity.text)
    for note in entity.corrections:
        by, before, after = _decided_by(note), note.before, note.after
        if by is None or note.attribute == "region":
            continue
        if note.attribute == "span":
            name, (said, decided) = words[0], words
        elif isinstance(before, str) and isinstance(after, str):
            name, said, decided = words[1], before, after
        else:  # a type where there was none before
            continue
        yield Decision(
            name=name,
            attribute=note.attribute,
            said=said,
            decided=decided,
            by=by,
            day=today,
            labels=hash_of_labels(extraction.labels),
            post=hash_of_place(extraction.text, found.span),
        )


def _decided_by(note: Correction) -> DecidedBy | None:
    if note.outcome == "reviewed":
        return "review"
    return "answer" if note.outcome in ("kept", "changed") else None


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
