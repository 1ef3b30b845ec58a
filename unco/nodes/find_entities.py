"""One question about a whole post: which entities it has (the paper's MLLM baseline), or which were missed.

Each entity of the answer is verified: its words stand in the post and are nobody else's, its type exists. One that
fails is dropped, and the reason written down. A box that cannot be true is dropped alone: then the entity counts as not
in the picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from unco.errors import EndpointError, PictureError, Rejected
from unco.nodes.questions.accept import Sure, confidence_in_entity, confidences_in_list
from unco.nodes.questions.fallbacks import post_attempts
from unco.nodes.questions.frame_in_words import demonstration_text, frame_in_words
from unco.nodes.questions.question import MAX_CALLS, MAX_POST_ANSWER_TOKENS, Question, request_of
from unco.nodes.questions.question_node import QuestionNode
from unco.nodes.questions.question_runner import Attempt, Steps, outcome_of, readable_answer
from unco.nodes.questions.sent_picture import sent_picture
from unco.nodes.questions.usage import QuestionResult, ReplyLog, with_usage
from unco.nodes.verified_entity import verified_entity
from unco.prompts import (
    EntitiesAnswer,
    FoundEntity,
    Prompt,
    PromptName,
    label_lines,
    load_prompt,
    neighbour_lines,
)
from unco.state import EXTRACTION, POST_QUESTION, Json, PostState, to_json
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request
from unco.types import Entity, Finder, Neighbour, PostQuestion

PROMPTS: dict[Finder, PromptName] = {"recall": "recall", "generation": "generate"}


def find_entities(llm: Mllm, finder: Finder) -> QuestionNode[PostState, Question]:
    """Make a node that asks for a post's entities.

    Args:
        llm: who is asked.
        finder: `recall` adds to what the small model found; `generation` drops that, unseen.
    """
    return QuestionNode(partial(_attempts, llm, finder), partial(finding_steps, finder), _update)


def _attempts(llm: Mllm, finder: Finder, state: PostState) -> Iterator[Attempt[Question]]:
    """Prepare the question; what a budget grants to uncertain attributes is not spent here."""
    calls = state.get("calls")
    if calls is not None and finder == "recall":
        calls -= sum(sum(each.values()) for each in (state.get("grants") or {}).values())
    for attempt in post_attempts(state, llm):
        question = replace(attempt.question, calls=MAX_CALLS if calls is None else min(MAX_CALLS, calls))
        yield replace(attempt, question=_without_entities(question) if finder == "generation" else question)


def finding_steps(finder: Finder, question: Question) -> Steps[QuestionResult]:
    """Ask, ask once more if the answer cannot be read, verify; every failure becomes an outcome."""
    name = PROMPTS[finder]
    prompt = load_prompt(name, question.context.prompt_version(name))
    blank = PostQuestion(finder, "unavailable", prompt=prompt.id, prompt_hash=prompt.sha256[:12])
    log: ReplyLog = []
    try:
        answer = yield from readable_answer(_request(question, prompt), prompt.answer, log, question.calls)
    except (EndpointError, PictureError) as fault:
        outcome, _, reason = outcome_of(fault)
        failed = replace(blank, reason=reason, detail=str(fault))
        return QuestionResult((with_usage(replace(failed, outcome="failed") if outcome == "failed" else failed, log),))
    assert isinstance(answer, EntitiesAnswer)
    note = with_usage(replace(blank, outcome="answered", reasoning=answer.reasoning_process), log)
    return _verified(question, note, answer.entities, confidences_in_list(log[-1][0], answer.entities))


def _verified(
    question: Question, note: PostQuestion, items: Sequence[FoundEntity], sure: Sequence[Sure]
) -> QuestionResult:
    """Verify the entities one after another, so that none takes the words of an earlier one."""
    found: list[Entity] = []
    dropped: list[str] = []
    for item, item_sure in zip(items, sure, strict=True):
        entities = (*question.extraction.entities, *found)
        try:
            _check_confidence(item, item_sure, question.extraction.accept.recall)
            found.append(verified_entity(item, question, note, entities, item_sure))
        except Rejected as fault:
            dropped.append(str(fault))
    return QuestionResult((replace(note, dropped=tuple(dropped)),), tuple(found))


def _check_confidence(item: FoundEntity, sure: Sure, level: float | None) -> None:
    """Refuse an entity that the MLLM is less sure of than the run wants; where nobody knows, it counts.

    Raises:
        Rejected: its confidence is below the level.
    """
    confidence = confidence_in_entity(sure)
    if level is not None and confidence is not None and confidence < level:
        raise Rejected(f"{item.entity!r}: its confidence of {confidence:.2f} is below {level:g}")


def _request(question: Question, prompt: Prompt) -> Request:
    values = {
        "text": question.extraction.text,
        "labels": label_lines(question.extraction.labels),
        "frame": frame_in_words(question),
    }
    if prompt.name == "generate":
        values["demonstrations"] = demonstration_text(prompt, question)
    else:
        values["neighbours"] = neighbour_lines(
            Neighbour(found.index, found.span, found.text, found.type or found.hint)
            for found in question.extraction.entities
        )
        values["near_misses"] = neighbour_lines(
            Neighbour(place, one.span, one.text, None)
            for place, one in enumerate(question.extraction.routed_near_misses)
        )
    picture = sent_picture(question) if prompt.picture else None
    return request_of(question, prompt, values, picture, None, MAX_POST_ANSWER_TOKENS)


def _without_entities(question: Question) -> Question:
    return replace(question, extraction=replace(question.extraction, entities=()))


def _update(question: Question, result: QuestionResult) -> Json:
    (note,) = result.notes
    assert isinstance(note, PostQuestion)
    failed = (f"{note.finder} {note.outcome}: {note.detail}",) if note.outcome != "answered" else ()
    extraction = replace(
        question.extraction,
        entities=(*question.extraction.entities, *result.found),
        warnings=(*question.extraction.warnings, *failed),
    )
    return {"extraction": to_json(EXTRACTION, extraction), "questions": [to_json(POST_QUESTION, note)]}
