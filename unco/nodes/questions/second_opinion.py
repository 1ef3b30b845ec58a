"""Asks once more about a change: which of the two values is right, in an order that says nothing of who gave which."""

from dataclasses import replace
from hashlib import sha256

from unco.errors import EndpointError, PictureError
from unco.nodes.questions.accept import is_believed
from unco.nodes.questions.frame_in_words import frame_in_words
from unco.nodes.questions.question import EntityQuestion, request_of
from unco.nodes.questions.question_runner import Steps, outcome_of, readable_answer
from unco.nodes.questions.usage import ReplyLog
from unco.prompts import ChoiceAnswer, Prompt, load_prompt
from unco.prompts.rendering import one_line
from unco.tools.box_frames.frame import encode
from unco.tools.llm.request import Request, SentPicture
from unco.types import Box, Correction, Span


def confirmed(
    note: Correction, question: EntityQuestion, picture: SentPicture | None, log: ReplyLog
) -> Steps[Correction]:
    """Let a change stand if the second opinion chooses it; where none comes, the value before stands.

    Args:
        note: a verified correction. If its outcome is not `changed`, or it is believed enough without, it comes back
            as it is, and nobody is asked.
        question: what was asked about.
        picture: what was sent with it.
        log: replies so far; those to the second question are added.
    """
    below = question.context.second_opinion_below
    if note.outcome != "changed" or (below is not None and is_believed(note, below)):
        return note
    prompt = load_prompt("second_opinion", question.context.prompt_version("second_opinion"))
    change_first = _change_comes_first(note, question)
    unconfirmed = replace(note, after=note.before)
    try:
        request = _request(note, question, prompt, picture, change_first)
        answer = yield from readable_answer(request, prompt.answer, log, question.calls - len(log))
    except (EndpointError, PictureError) as fault:
        outcome, _, reason = outcome_of(fault)
        return replace(unconfirmed, outcome=outcome, reason=reason, detail=f"no second opinion: {fault}")
    assert isinstance(answer, ChoiceAnswer)
    if (answer.chosen == "first") == change_first:
        return note
    return replace(unconfirmed, outcome="rejected", detail="a second opinion chose the value before")


def _change_comes_first(note: Correction, question: EntityQuestion) -> bool:
    """Decide by a hash which value is shown first: a model that prefers a place prefers neither value."""
    about = f"{question.extraction.text} {question.entity.index} {note.attribute}"
    return sha256(about.encode("utf-8", "replace")).digest()[0] % 2 == 0


def _request(
    note: Correction, question: EntityQuestion, prompt: Prompt, picture: SentPicture | None, change_first: bool
) -> Request:
    change, before = _in_words(note.after, question), _in_words(note.before, question)
    first, second = (change, before) if change_first else (before, change)
    values: dict[str, str | float] = {
        "text": question.extraction.text,
        "entity": question.entity.text,
        "entity_type": question.type_in_words,
        "attribute": note.attribute,
        "first": first,
        "second": second,
        "frame": frame_in_words(question),
    }
    return request_of(question, prompt, values, picture, note.attribute)


def _in_words(value: object, question: EntityQuestion) -> str:
    """Write a value for the prompt: words of the post, a type with its description, a box in the model's frame."""
    match value:
        case Span(start=start, stop=stop):
            offsets = question.extraction.offsets
            return one_line(question.extraction.text[offsets[start][0] : offsets[stop - 1][1]])
        case Box() if question.frame is not None and (info := question.extraction.seen_picture) is not None:
            return str(encode(value, question.frame, info.width, info.height))
        case str():
            described = [label.description for label in question.extraction.labels if label.name == value]
            return one_line(": ".join((value, *described)))
    return "not in the picture"
