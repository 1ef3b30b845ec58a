"""Weighs an answer that changes a value against the value that the small model gave."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from unco.nodes.questions.usage import ReplyLog
from unco.prompts import FoundEntity
from unco.prompts.answer_place import place_of_value, places_in_list
from unco.tools.llm.checks.token_probabilities import probability
from unco.tools.llm.request import Reply
from unco.types import ATTRIBUTES, Accept, Attribute, Correction

Sure = Mapping[Attribute, float]
"""How probable the values of one entity are to the MLLM that wrote them, each in [0, 1]; one that is missing = not
known."""


def confidence_of(reply: Reply, attribute: Attribute) -> float | None:
    """Compute how probable a reply's value was to the model that wrote it, in [0, 1].

    That of words or a type is the probability of all their tokens; that of a box the geometric mean, as a digit more or
    less says little. None = the endpoint reports no probabilities, or the value is not written as plain JSON.
    """
    place = place_of_value(reply.text, attribute)
    return None if place is None else _probability(reply, place)


def confidences_in_list(reply: Reply, items: Sequence[FoundEntity]) -> list[Sure]:
    """Compute how probable the words, type and box of each entity of a list are, as `confidence_of` does."""
    if not reply.log_probabilities:
        return [{} for _ in items]
    places = {name: places_in_list(reply.text, name)[-len(items) :] for name in ATTRIBUTES}
    known = {
        name: [_probability(reply, place) for place in found]
        for name, found in places.items()
        # A key that stands elsewhere too, or is written another way: then nobody can tell which is whose.
        if len(found) == len(items) and (name == "region" or _said(reply.text, found) == _read(items, name))
    }
    return [
        {name: chance for name, chances in known.items() if (chance := chances[place]) is not None}
        for place in range(len(items))
    ]


def confidence_in_entity(sure: Sure) -> float | None:
    """Compute how probable words and type are together; None = one of them is not known."""
    return sure["span"] * sure["type"] if "span" in sure and "type" in sure else None


def _said(text: str, places: Sequence[tuple[int, int]]) -> list[str]:
    """Read strings of JSON at their places; what is no string there is empty."""
    return [_string(text[start:stop]) for start, stop in places]


def _string(written: str) -> str:
    try:
        return str(json.loads(f'"{written}"')).strip()
    except ValueError:
        return ""


def _read(items: Sequence[FoundEntity], name: Attribute) -> list[str]:
    return [item.entity if name == "span" else item.type for item in items]


def _probability(reply: Reply, place: tuple[int, int]) -> float | None:
    """Compute how probable a value is, at its place in a reply; of a box the geometric mean."""
    return probability(reply.log_probabilities, reply.text, *place, mean=reply.text[place[0]] in "[{")


def belief_in_change(confidence: float, uncertainty: float) -> float:
    """Compute the probability that the answer is right rather than the value before: c u / (c u + (1 - c) (1 - u)).

    It is Bayes' rule for two sources that know nothing of each other, one of them right. Both numbers are taken for
    probabilities, which they are only roughly: so the level to compare with is tuned.

    Args:
        confidence: of the answer, in [0, 1].
        uncertainty: of the small model, in [0, 1].
    """
    answer, before = confidence * uncertainty, (1 - confidence) * (1 - uncertainty)
    return answer / (answer + before) if answer + before > 0 else 0.5


def weighed(note: Correction, accept: Accept, log: ReplyLog, measure: bool = False) -> Correction:
    """Write the answer's confidence into a verified correction; a change that is not believed leaves the value before.

    A change whose confidence is not known counts: nothing speaks against it.

    Args:
        note: a correction with a value that was verified.
        accept: levels of the run.
        log: the replies to the question; the last one that could be read counts.
        measure: write the confidence without a level, too.
    """
    level, read = accept.of(note.attribute), [reply for reply, fault in log if not fault]
    if not read or (level is None and not measure):
        return note
    note = replace(note, confidence=confidence_of(read[-1], note.attribute))
    return note if level is None else judged(note, level)


def is_believed(note: Correction, level: float) -> bool:
    """Return whether the belief in a change reaches a level, in [0, 1]; where no confidence is known, it does not."""
    return note.confidence is not None and belief_in_change(note.confidence, note.uncertainty) >= level


def judged(note: Correction, level: float) -> Correction:
    """Let a change of known confidence stand, or the value before it."""
    if note.outcome != "changed" or note.confidence is None:
        return note
    if is_believed(note, level):
        return note
    belief = belief_in_change(note.confidence, note.uncertainty)
    detail = f"its confidence of {note.confidence:.2f} makes a belief of {belief:.2f}, below {level:g}"
    return replace(note, outcome="low_confidence", after=note.before, detail=detail)
