"""Describes boxes in a question about a post, which may have no picture."""

import json
from collections.abc import Iterable

from unco.nodes.questions.question import EntityQuestion, Question
from unco.prompts import Prompt, demonstration_lines
from unco.tools.box_frames.frame import Frame, describe, encode
from unco.types import Box, PictureInfo

MAX_CANDIDATES = 28
"""Candidates that are offered by number, and lines of text that are quoted: as many as the small model has."""

NO_PICTURE = "null, for this post has no picture"


def frame_in_words(question: Question) -> str:
    """Describe the box frame; where there is no picture, say that every box is null."""
    info = question.extraction.seen_picture
    if info is None or question.image is None:
        return NO_PICTURE
    return describe(question.frame, info.width, info.height) if question.frame is not None else ""


def demonstration_text(prompt: Prompt, question: Question) -> str:
    """Write the prompt's examples, their boxes in the asked model's frame.

    They are written as if the examples' pictures had the size of the post's own, so that what the prompt says of the
    frame is true of them too. Without a picture they are null, as the answer's have to be.
    """
    info, frame = question.extraction.seen_picture, question.frame

    def write(shares: tuple[float, float, float, float]) -> list[float] | None:
        if info is None or question.image is None or frame is None:
            return None
        left, top, right, bottom = shares
        box = Box(left * info.width, top * info.height, right * info.width, bottom * info.height)
        return encode(box, frame, info.width, info.height)

    return demonstration_lines(prompt.demonstrations, question.extraction.labels, write)


def box_in_frame(box: Box | None, frame: Frame | None, info: PictureInfo) -> str:
    """Write a box for a prompt, in the model's frame; null for none, or when nobody will be asked."""
    return json.dumps(encode(box, frame, info.width, info.height)) if box and frame else "null"


def offered(question: EntityQuestion) -> tuple[Box, ...]:
    """Return the candidates that are offered by number; the first is number 1."""
    return question.extraction.candidates[:MAX_CANDIDATES]


def named_lines(items: Iterable[tuple[str, str]]) -> str:
    """List boxes for a prompt, each with its number or its words."""
    return "\n".join(f"- {name}: {box}" for name, box in items) or "(none)"
