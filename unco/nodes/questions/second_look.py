"""Shows an MLLM the part of the picture that it asked to see closer, once, and takes its answer from there."""

import json
from dataclasses import replace

from unco.errors import EndpointError, PictureError, Rejected
from unco.nodes.questions.frame_in_words import named_lines, offered
from unco.nodes.questions.part import Part, part_around
from unco.nodes.questions.question import EntityQuestion, request_of
from unco.nodes.questions.question_runner import Steps, readable_answer
from unco.nodes.questions.sent_picture import marked_part
from unco.nodes.questions.usage import ReplyLog
from unco.nodes.run_choices import outcome_of_value
from unco.nodes.verify import read_box, verify_candidate
from unco.prompts import CandidateAnswer, Prompt, load_prompt
from unco.prompts.box_notations import WrittenBox
from unco.prompts.rendering import one_line
from unco.tools.box_frames.checks import check_large_enough
from unco.tools.box_frames.frame import Frame, describe, encode
from unco.tools.llm.request import Request
from unco.types import Box, Correction, PictureInfo

MAX_THOUGHTS = 500
"""Characters of its own reasoning that the model is shown again."""

SHOWN_SHARE = 0.5
"""Share of a candidate that has to lie in the part for it to be offered there."""


def looked_closer(note: Correction, wanted: WrittenBox, question: EntityQuestion, log: ReplyLog) -> Steps[Correction]:
    """Ask once more with the part enlarged; where that cannot be, the answer so far counts.

    A second wish for a part is not heard.

    Args:
        note: the correction by the answer so far, verified.
        wanted: the area, as the model wrote it.
        question: what was asked about.
        log: replies so far; those to this question are added.
    """
    frame, info = question.frame, question.extraction.seen_picture
    assert frame is not None
    assert info is not None
    prompt = load_prompt("close_up", question.context.prompt_version("close_up"))
    try:
        part = _part(wanted, frame, info)
        request = _request(note, question, prompt, part, frame)
        answer = yield from readable_answer(request, prompt.answer, log, question.calls - len(log))
    except (EndpointError, PictureError) as fault:
        detail = "; ".join(filter(None, (note.detail, f"no closer look: {fault}")))
        if isinstance(fault, EndpointError) and fault.reason == "not_recorded":  # the run that was recorded had one
            return replace(note, outcome="unavailable", after=note.before, reason=fault.reason, detail=detail)
        return replace(note, detail=detail)
    assert isinstance(answer, CandidateAnswer)
    seen = replace(note, looked_at=part.box, reasoning=answer.reasoning_process, answer="value", detail="")
    try:
        after = _verified(answer, question, part, frame, info)
    except Rejected as fault:
        return replace(seen, outcome="rejected", after=note.before, detail=str(fault))
    return replace(
        seen, outcome=outcome_of_value(note, after), after=after, answer="null" if after is None else "value"
    )


def _part(wanted: WrittenBox, frame: Frame, info: PictureInfo) -> Part:
    """Find the part to show.

    Raises:
        Rejected: the area lies outside the picture, is no box, or is the whole picture.
    """
    assert wanted.corners is not None
    box = read_box(wanted.corners, wanted.named, frame, (info.width, info.height), tokens=wanted.tokens)
    part = part_around(box, info.width, info.height)
    if part is None:
        raise Rejected("the area that it asked to see closer is the whole picture")
    return part


def _request(note: Correction, question: EntityQuestion, prompt: Prompt, part: Part, frame: Frame) -> Request:
    shown, found = _candidates(question, part), question.entity.region
    inside = part.inside(found) if found is not None and part.share_inside(found) >= SHOWN_SHARE else None

    def written(box: Box | None) -> str:
        return "null" if box is None else json.dumps(encode(box, frame, part.width, part.height))

    values: dict[str, str | float] = {
        "text": question.extraction.text,
        "entity": question.entity.text,
        "entity_type": question.type_in_words,
        "box": written(inside),
        "frame": describe(frame, part.width, part.height),
        "candidates": named_lines((str(number), written(box)) for number, box in shown.items()),
        "thoughts": one_line(note.reasoning)[:MAX_THOUGHTS] or "(none)",
    }
    return request_of(question, prompt, values, marked_part(question, part, shown, inside), note.attribute)


def _candidates(question: EntityQuestion, part: Part) -> dict[int, Box]:
    """Return the candidates that can be seen in the part, by the number that they had, as they lie in it."""
    return {
        number: inside
        for number, box in enumerate(offered(question), start=1)
        if part.share_inside(box) >= SHOWN_SHARE and (inside := part.inside(box)) is not None
    }


def _verified(
    answer: CandidateAnswer, question: EntityQuestion, part: Part, frame: Frame, info: PictureInfo
) -> Box | None:
    """Convert the answer to a box of the original picture.

    Raises:
        Rejected: it names a candidate that is not in the part, or gives a box that cannot be one.
    """
    size, found = (part.width, part.height), question.entity.region
    if answer.candidate is not None:
        shown = _candidates(question, part)
        if answer.candidate not in shown:
            raise Rejected(f"there is no candidate {answer.candidate} in the part that it asked to see")
        # Of what is offered only this one: a number and a box have to agree here as there.
        verify_candidate(answer.model_copy(update={"candidate": 1}), None, frame, size, [shown[answer.candidate]])
        return offered(question)[answer.candidate - 1]
    if answer.corrected_bounding_box is None:
        return None
    old = None if found is None else part.inside(found)
    box = read_box(answer.corrected_bounding_box, answer.named_corners, frame, size, old, tokens=answer.location_tokens)
    if box is old:
        return found
    whole = part.outside(box)
    check_large_enough(whole, info.width, info.height)
    return whole
