"""What each kind of question hands in: the `$name` places that its prompt files may have."""

from typing import Literal

from unco.prompts.answers import AnswerName

PromptName = Literal["span", "type", "region", "one_shot", "generate", "recall"]
"""Kinds of questions, and the folders of their files. The first three are the correctors; `one_shot` corrects all three
attributes of an entity at once; `generate` asks for a post's entities without any found before; `recall` asks for those
that the small model missed."""

ANSWERS: dict[PromptName, tuple[AnswerName, ...]] = {
    "span": ("span",),
    "type": ("type",),
    "region": ("region", "candidate"),
    "one_shot": ("one_shot",),
    "generate": ("entities",),
    "recall": ("entities",),
}
"""Which answers a question can be answered with."""

_DOUBT = frozenset({"uncertainty", "threshold"})
_THREE_DOUBTS = frozenset(f"{name}_{doubt}" for name in ("span", "type", "region") for doubt in _DOUBT)

REQUIRED: dict[PromptName, frozenset[str]] = {
    "span": _DOUBT | {"text", "entity"},
    "type": _DOUBT | {"text", "entity", "entity_type", "labels"},
    "region": _DOUBT | {"text", "entity", "entity_type", "box", "frame"},
    "one_shot": _THREE_DOUBTS | {"text", "entity", "entity_type", "labels", "box", "frame"},
    "generate": frozenset({"text", "labels", "frame", "demonstrations"}),
    "recall": frozenset({"text", "labels", "frame", "neighbours"}),
}
"""What a version uses unless it says that it leaves it out. `box` is written in `frame`; `labels`, `neighbours` (the
post's other entities) and `demonstrations` are lines."""

OPTIONAL: dict[PromptName, frozenset[str]] = {
    "span": frozenset({"entity_type", "labels", "neighbours"}),
    "type": frozenset({"neighbours", "facts"}),
    "region": frozenset({"neighbours", "candidates", "text_lines"}),
    "one_shot": frozenset({"neighbours"}),
    "generate": frozenset(),
    "recall": frozenset(),
}
"""What a version may use besides: numbered `candidates` and read `text_lines` of the picture, `facts` looked up."""
