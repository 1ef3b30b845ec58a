"""The types of the correctors' answers: what a readable reply holds.

Each begins with `reasoning_process`, so that a model thinks before it decides. An answer is readable or refused; it is
not yet verified: whether the words stand in the post, or the box in the picture, is for the caller to find out.
"""

import json
import re
from math import isfinite
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema

from unco.types import Attribute

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


def _corners(value: object) -> Corners | None:
    """A box in any of the ways that models write one; None for an explicit "not in the picture"."""
    if value is None or value == [] or (isinstance(value, str) and value.strip().lower() in ("null", "none")):
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
    named_corners: SkipJsonSchema[bool] = False
    """True when the model named the corners (x1, left, ...). Then the four are x1, y1, x2, y2, also where its box frame
    puts y first. Not part of the reply."""

    @model_validator(mode="before")
    @classmethod
    def _note_names(cls, data: Any) -> Any:
        data = _plain_keys(data)
        if isinstance(data, dict):
            data["named_corners"] = isinstance(data.get("corrected_bounding_box"), dict)
        return data


_TYPES: dict[Attribute, type[SpanAnswer | TypeAnswer | RegionAnswer]] = {
    "span": SpanAnswer,
    "type": TypeAnswer,
    "region": RegionAnswer,
}


def answer_type(attribute: Attribute) -> type[SpanAnswer | TypeAnswer | RegionAnswer]:
    """The class that reads an attribute's answers."""
    return _TYPES[attribute]


def answer_schema(attribute: Attribute) -> dict[str, Any]:
    """JSON schema of an attribute's answer."""
    return answer_type(attribute).model_json_schema()
