"""Specs of prompts and answers: one entry for each kind of answer and each kind of prompt.

An answer begins with `reasoning_process`, so that a model thinks before it decides. An answer is readable or refused;
it is not yet verified: whether the words stand in the post, or the box in the picture, is for the caller to find out.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, StringConstraints, model_validator

from unco.prompts.answer_values import (
    normalize_keys,
    note_notation,
    read_area,
    read_choice,
    read_corners,
    read_name,
    read_ordinal,
    read_words,
)
from unco.prompts.box_notations import Corners, LocationTokens, WrittenBox, is_null
from unco.prompts.other_names import NAMES_IN_LISTS, with_our_names

Schema = dict[str, Any]

AnswerName = Literal["span", "type", "region", "candidate", "look", "one_shot", "entities", "choice"]
"""Kinds of answers. `candidate`: a box, or the number of one that was offered. `look`: the same, and perhaps an area to
see closer. `one_shot`: all three attributes of an
entity. `entities`: a list of them, each with its words, type and box. `choice`: one of two values."""

PromptName = Literal["span", "type", "region", "close_up", "one_shot", "generate", "recall", "second_opinion"]
"""Kinds of prompts, and the folders of their files. The first three are the correctors; `close_up` asks once more about
a region, with the area that the model asked to see; `one_shot` corrects all three
attributes of an entity at once; `generate` asks for a post's entities without any found before; `recall` asks for those
that the small model missed; `second_opinion` asks which of two values is right, before one replaces the other."""

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(read_name)]


class Answer(BaseModel):
    """Base of all answers. Other keys that a model adds are dropped."""

    reasoning_process: Annotated[str, BeforeValidator(read_words)] = ""
    """The model's own reasoning; data to show."""

    @model_validator(mode="before")
    @classmethod
    def _normalize_keys(cls, data: Any) -> Any:
        return normalize_keys(data, cls.model_fields)


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

    corrected_bounding_box: Annotated[Corners | None, BeforeValidator(read_corners)]
    """Four finite numbers, or None for "not in the picture". A reply without this key is unreadable, never null."""
    named_corners: bool = False
    """True when the model named the corners (x1, left, ...). Then the four are x1, y1, x2, y2, also where its box frame
    puts y first. Not part of the reply."""
    location_tokens: LocationTokens = ""
    """The tokens that the box was written in, where it was not in numbers. Not part of the reply."""

    @model_validator(mode="before")
    @classmethod
    def _note_notation(cls, data: Any) -> Any:
        return note_notation(normalize_keys(data, cls.model_fields), "corrected_bounding_box")


class CandidateAnswer(RegionAnswer):
    """The region corrector's answer where boxes were offered by number: a box, or such a number."""

    candidate: Annotated[int | None, BeforeValidator(read_ordinal)] = None
    """From 1, as drawn; None = none of them, then the box counts. With a number the key of the box may be missing."""

    @model_validator(mode="before")
    @classmethod
    def _allow_number_alone(cls, data: Any) -> Any:
        data = note_notation(normalize_keys(data, cls.model_fields), "corrected_bounding_box")
        if isinstance(data, dict) and not is_null(data.get("candidate")):
            data.setdefault("corrected_bounding_box", None)
        return data


class LookAnswer(CandidateAnswer):
    """The region corrector's answer where it may ask to see an area closer: its answer so far, and the area."""

    look_closer_at: Annotated[WrittenBox | None, BeforeValidator(read_area)] = None
    """None = it need not."""


class OneShotAnswer(SpanAnswer, TypeAnswer, RegionAnswer):
    """Words, type and box of an entity, corrected at once."""


class FoundEntity(BaseModel):
    """One entity of a list."""

    entity: _Words
    type: _Words
    bounding_box: Annotated[Corners | None, BeforeValidator(read_corners)]
    """As `RegionAnswer.corrected_bounding_box`."""
    named_corners: bool = False
    """As in `RegionAnswer`."""
    location_tokens: LocationTokens = ""
    """As in `RegionAnswer`."""

    @model_validator(mode="before")
    @classmethod
    def _normalize_keys(cls, data: Any) -> Any:
        data = normalize_keys(data)
        named = with_our_names(data, NAMES_IN_LISTS, NAMES_IN_LISTS) if isinstance(data, dict) else data
        return note_notation(named, "bounding_box")


class EntitiesAnswer(Answer):
    """Entities that the model found by itself."""

    entities: list[FoundEntity]
    """May be empty; a reply without this key is unreadable, never empty."""


class ChoiceAnswer(Answer):
    """One of two values."""

    chosen: Annotated[Literal["first", "second"], BeforeValidator(read_choice)]


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """One kind of answer."""

    type: type[Answer]
    """The class that reads it."""
    properties: dict[str, Schema]
    """JSON Schema of its keys after the reasoning, in the strict dialect."""


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """One kind of prompt."""

    answers: tuple[AnswerName, ...]
    """Kinds of answers that its versions may ask for."""
    required: frozenset[str]
    """Placeholders that a version uses unless it says that it leaves them out."""
    optional: frozenset[str] = frozenset()
    """Placeholders that a version may use besides."""

    @property
    def placeholders(self) -> frozenset[str]:
        """All `$name` places that a version may have."""
        return self.required | self.optional


def closed_object(properties: dict[str, Schema]) -> Schema:
    """Build the schema of an object in the strict dialect: every key required, null where a value may be missing."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT: Schema = {"type": "string"}
_BOX: Schema = {
    "anyOf": [{"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}, {"type": "null"}],
}
_ENTITY = closed_object({"entity": TEXT, "type": TEXT, "bounding_box": _BOX})

ANSWERS: dict[AnswerName, AnswerSpec] = {
    "span": AnswerSpec(SpanAnswer, {"corrected_entity": TEXT}),
    "type": AnswerSpec(TypeAnswer, {"corrected_type": TEXT}),
    "region": AnswerSpec(RegionAnswer, {"corrected_bounding_box": _BOX}),
    "candidate": AnswerSpec(
        CandidateAnswer, {"candidate": {"type": ["integer", "null"]}, "corrected_bounding_box": _BOX}
    ),
    "look": AnswerSpec(
        LookAnswer,
        {"look_closer_at": _BOX, "candidate": {"type": ["integer", "null"]}, "corrected_bounding_box": _BOX},
    ),
    "one_shot": AnswerSpec(
        OneShotAnswer, {"corrected_entity": TEXT, "corrected_type": TEXT, "corrected_bounding_box": _BOX}
    ),
    "entities": AnswerSpec(EntitiesAnswer, {"entities": {"type": "array", "items": _ENTITY}}),
    "choice": AnswerSpec(ChoiceAnswer, {"chosen": TEXT | {"enum": ["first", "second"]}}),
}

_UNCERTAINTY = frozenset({"uncertainty", "threshold"})
_THREE_UNCERTAINTIES = frozenset(f"{name}_{what}" for name in ("span", "type", "region") for what in _UNCERTAINTY)

PROMPTS: dict[PromptName, PromptSpec] = {
    "span": PromptSpec(
        answers=("span",),
        required=_UNCERTAINTY | {"text", "entity"},
        optional=frozenset({"entity_type", "labels", "neighbours"}),
    ),
    "type": PromptSpec(
        answers=("type",),
        required=_UNCERTAINTY | {"text", "entity", "entity_type", "labels"},
        optional=frozenset({"neighbours", "facts"}),
    ),
    "region": PromptSpec(
        answers=("region", "candidate", "look"),
        required=_UNCERTAINTY | {"text", "entity", "entity_type", "box", "frame"},
        optional=frozenset({"neighbours", "candidates", "text_lines"}),
    ),
    "close_up": PromptSpec(
        answers=("candidate",),
        required=frozenset({"text", "entity", "entity_type", "box", "frame", "candidates", "thoughts"}),
    ),
    "one_shot": PromptSpec(
        answers=("one_shot",),
        required=_THREE_UNCERTAINTIES | {"text", "entity", "entity_type", "labels", "box", "frame"},
        optional=frozenset({"neighbours"}),
    ),
    "generate": PromptSpec(answers=("entities",), required=frozenset({"text", "labels", "frame", "demonstrations"})),
    "recall": PromptSpec(
        answers=("entities",),
        required=frozenset({"text", "labels", "frame", "neighbours"}),
        optional=frozenset({"near_misses"}),
    ),
    "second_opinion": PromptSpec(
        answers=("choice",),
        required=frozenset({"text", "entity", "entity_type", "attribute", "first", "second", "frame"}),
    ),
}
"""`box` is written in `frame`; `labels`, `neighbours` (the post's other entities), `near_misses` and
`demonstrations` are lines; `candidates` are numbered, `text_lines` of the picture were read, `facts` were looked up;
`thoughts` are the model's own at its first look."""


def answer_type(answer: AnswerName) -> type[Answer]:
    """Return the class that reads answers of a kind."""
    return ANSWERS[answer].type


def response_schema(answer: AnswerName, reasoning: bool = True) -> Schema:
    """Build the JSON schema of a kind of answer, for endpoints that can enforce one (`response_format`).

    What is read stays more tolerant than what the schema asks for.

    Args:
        answer: see `AnswerName`.
        reasoning: whether the answer begins with `reasoning_process`; False for prompts without a chain of thought.
    """
    first = {"reasoning_process": TEXT} if reasoning else {}
    return closed_object(first | ANSWERS[answer].properties)
