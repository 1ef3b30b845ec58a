"""Writes the request to a person, in the form of Agent Inbox's `HumanInterrupt`.

Texts of posts and models stand in the description as indented code: no markdown of theirs is rendered, so that none of
their links and pictures is fetched.
"""

from typing_extensions import TypedDict

from unco.errors import shorten
from unco.nodes.questions.correction import shown_threshold
from unco.state import Json
from unco.types import Attribute, Box, Correction, Entity, Extraction

CHARACTERS_AROUND = 1000
"""Of a long post so many characters before and behind the entity are shown."""

HOW_TO_EDIT = {
    "span": "`value` has the words, as they stand in the post, at most three words away from where they are now.",
    "type": "`value` has the name of a type.",
    "region": "`value` has [x1, y1, x2, y2] in pixels of the picture, or null for not in the picture.",
}
"""By attribute; one that is not here can be accepted and not edited."""


class ReviewRequest(TypedDict):
    """A `HumanInterrupt` of Agent Inbox."""

    action_request: Json
    """`action`, e.g. "review type", and `args`: `entity` (index), `attribute`, and `value`, which an edit changes."""
    config: dict[str, bool]
    """What may be answered: allow_accept, allow_edit, allow_ignore, allow_respond."""
    description: str
    """Markdown."""


def request_of(
    entity: Entity, attribute: Attribute, extraction: Extraction, image: str | None, fault: str | None
) -> ReviewRequest:
    """Write the request about one attribute.

    Args:
        entity: as it is now.
        attribute: of it.
        extraction: its post.
        image: the picture, as the caller named it; None = there is none.
        fault: what is wrong with the last answer; None = there was none.
    """
    args = {"entity": entity.index, "attribute": attribute, "value": shown_value(entity, attribute)}
    return {
        "action_request": {"action": f"review {attribute}", "args": args},
        "config": {
            "allow_accept": attribute != "type" or entity.type is not None,
            "allow_edit": attribute in HOW_TO_EDIT,
            "allow_ignore": True,
            "allow_respond": True,
        },
        "description": _description(entity, attribute, extraction, image, fault),
    }


def shown_value(entity: Entity, attribute: Attribute) -> str | list[float] | None:
    """Return an attribute's value as plain JSON: words, the name of a type, or the corners of a box."""
    if attribute == "span":
        return entity.text
    value = entity.value_of(attribute)
    return [value.x1, value.y1, value.x2, value.y2] if isinstance(value, Box) else value  # type: ignore[return-value]


def _description(
    entity: Entity, attribute: Attribute, extraction: Extraction, image: str | None, fault: str | None
) -> str:
    note = next(note for note in entity.corrections if note.attribute == attribute)
    size = extraction.seen_picture
    seen = f" ({size.width} x {size.height} pixels)" if size is not None else ""
    start, stop = max(0, entity.start_char - CHARACTERS_AROUND), entity.stop_char + CHARACTERS_AROUND
    types = "\n".join(f"{label.name}: {label.description}" for label in extraction.labels)
    parts = (
        ("The last answer cannot be used", fault),
        ("Entity", f"{entity.text} ({entity.shown_type})"),
        ("Post", extraction.text[start:stop]),
        (f"Picture{seen}", image),
        ("Why it is open", shorten(note.detail)),
        ("Reasoning of the MLLM", shorten(note.reasoning)),
        ("Type of the small model's list", entity.hint),
        ("Types", types if attribute == "type" else None),
    )
    quoted = [f"{title}:\n\n{_as_code(text)}" for title, text in parts if text]
    return "\n\n".join([_headline(entity, note), *quoted, HOW_TO_EDIT.get(attribute, "")]).rstrip()


def _headline(entity: Entity, note: Correction) -> str:
    asked = f"uncertainty {note.uncertainty:.2f}, threshold {shown_threshold(note.threshold):.2f}"
    return f"**{note.attribute.capitalize()} of entity {entity.index}**: {note.outcome}, {asked}."


def _as_code(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
