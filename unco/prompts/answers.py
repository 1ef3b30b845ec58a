"""The types of the answers: what a readable reply holds.

Each begins with `reasoning_process`, so that a model thinks before it decides. An answer is readable or refused; it is
not yet verified: whether the words stand in the post, or the box in the picture, is for the caller to find out.
"""

import json
import re
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, StringConstraints, model_validator

AnswerName = Literal["span", "type", "region", "candidate", "one_shot", "entities"]
"""Kinds of answers. `candidate`: a box, or the number of one that was offered. `one_shot`: all three attributes of an
entity. `entities`: a list of them, each with its words, type and box."""

Corners = tuple[float, float, float, float]
"""Two corners as the model wrote them, in the order and units of its box frame."""

_NAMES = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "right", "bottom"))
_NUMBER = r"[-+]?\d{1,12}(?:\.\d{0,12})?"
_FOUR = re.compile(rf"\s*[\[(]?\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*[\])]?\s*")


def _text(value: object) -> str:
    """Reasoning that came as a list of steps is as good as a string: it is shown, never used."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(step, str) for step in value):
        value = "\n".join(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()  # an escape such as \ud83d alone is half a character


def _number(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(_NUMBER, value.strip()):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e12 or not isfinite(value):
        raise ValueError("a box needs four plain numbers")
    return float(value)


def _says_null(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in ("null", "none"))


def _ordinal(value: object) -> int | None:
    """The number of a candidate; None for "none of them"."""
    if _says_null(value):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*#?\s*\d{1,6}\s*", value):
        return int(value.strip().lstrip("#"))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6 and value == int(value):
        return int(value)
    raise ValueError("a candidate is named by its number, or null")


def _corners(value: object) -> Corners | None:
    """A box in any of the ways that models write one; None for an explicit "not in the picture"."""
    if _says_null(value) or value == []:
        return None
    if isinstance(value, str) and (match := _FOUR.fullmatch(value)):
        value = list(match.groups())
    if isinstance(value, dict):
        named = {str(key).strip().lower(): number for key, number in value.items()}
        value = next(([named[name] for name in names] for names in _NAMES if named.keys() == set(names)), value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]  # InternVL writes [[x1, y1, x2, y2]]
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise ValueError("a box is four numbers [n, n, n, n], or null")
    return (_number(value[0]), _number(value[1]), _number(value[2]), _number(value[3]))


def _plain_keys(data: Any) -> Any:
    """Read "Reasoning process" as reasoning_process: the paper itself writes it both ways."""
    if not isinstance(data, dict):
        return data
    return {re.sub(r"\s+", "_", str(key).strip().lower()): value for key, value in data.items()}


def _named(data: Any, box: str) -> Any:
    """Note whether the corners of the box came with names."""
    if isinstance(data, dict):
        data["named_corners"] = isinstance(data.get(box), dict)
    return data


_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Answer(BaseModel):
    """What all answers share. Other keys that a model adds are dropped."""

    reasoning_process: Annotated[str, BeforeValidator(_text)] = ""
    """The model's own account; data to show."""

    @model_validator(mode="before")
    @classmethod
    def _kindly(cls, data: Any) -> Any:
        return _plain_keys(data)


class SpanAnswer(Answer):
    """The span corrector's answer."""

    corrected_entity: _Words
    """The entity's words; not empty."""


class TypeAnswer(Answer):
    """The type corrector's answer."""

    corrected_type: _Words
    """A type's name; not empty."""


class RegionAnswer(Answer):
    """The region corrector's answer."""

    corrected_bounding_box: Annotated[Corners | None, BeforeValidator(_corners)]
    """Four finite numbers, or None for "not in the picture". A reply without this key is unreadable, never null."""
    named_corners: bool = False
    """True when the model named the corners (x1, left, ...). Then the four are x1, y1, x2, y2, also where its box frame
    puts y first. Not part of the reply."""

    @model_validator(mode="before")
    @classmethod
    def _note_names(cls, data: Any) -> Any:
        return _named(_plain_keys(data), "corrected_bounding_box")


class CandidateAnswer(RegionAnswer):
    """The region corrector's answer where boxes were offered by number: a box, or such a number."""

    candidate: Annotated[int | None, BeforeValidator(_ordinal)] = None
    """From 1, as drawn; None = none of them, then the box counts. With a number the key of the box may be missing."""

    @model_validator(mode="before")
    @classmethod
    def _or_a_number(cls, data: Any) -> Any:
        data = _plain_keys(data)
        if isinstance(data, dict) and not _says_null(data.get("candidate")):
            data.setdefault("corrected_bounding_box", None)
        return data


class OneShotAnswer(SpanAnswer, TypeAnswer, RegionAnswer):
    """Words, type and box of an entity, corrected at once."""


class FoundEntity(BaseModel):
    """One entity of a list."""

    entity: _Words
    type: _Words
    bounding_box: Annotated[Corners | None, BeforeValidator(_corners)]
    """As `RegionAnswer.corrected_bounding_box`."""
    named_corners: bool = False
    """As in `RegionAnswer`."""

    @model_validator(mode="before")
    @classmethod
    def _kindly(cls, data: Any) -> Any:
        return _named(_plain_keys(data), "bounding_box")


class EntitiesAnswer(Answer):
    """Entities that the model found by itself."""

    entities: list[FoundEntity]
    """May be empty; a reply without this key is unreadable, never empty."""


_TYPES: dict[AnswerName, type[Answer]] = {
    "span": SpanAnswer,
    "type": TypeAnswer,
    "region": RegionAnswer,
    "candidate": CandidateAnswer,
    "one_shot": OneShotAnswer,
    "entities": EntitiesAnswer,
}


def answer_type(answer: AnswerName) -> type[Answer]:
    """The class that reads answers of a kind."""
    return _TYPES[answer]
