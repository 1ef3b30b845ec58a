"""One-time correction: one question for all three attributes of an entity (the paper's Table 3 without its hierarchy).

The answer counts for all three, also for those whose uncertainty is below the threshold; each is verified on its own.
The question's cost stands at the span, and the other two cost nothing, so that sums over corrections are right.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from unco.errors import EndpointError, PictureError, Rejected, Unavailable
from unco.nodes.questions.accept import weighed
from unco.nodes.questions.correction import Value, blank_correction, corrected_entity, shown_threshold
from unco.nodes.questions.fallbacks import entity_attempts
from unco.nodes.questions.frame_in_words import box_in_frame, frame_in_words
from unco.nodes.questions.question import MAX_CALLS, EntityQuestion, request_of
from unco.nodes.questions.question_node import QuestionNode
from unco.nodes.questions.question_runner import Attempt, Steps, outcome_of, readable_answer
from unco.nodes.questions.sent_picture import sent_picture
from unco.nodes.questions.usage import QuestionResult, ReplyLog, with_usage
from unco.nodes.run_choices import outcome_of_value
from unco.nodes.verify import verify_region, verify_span, verify_type
from unco.prompts import OneShotAnswer, Prompt, label_lines, load_prompt, neighbour_lines
from unco.state import EntityState, Json
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request
from unco.types import ATTRIBUTES, Correction


def correct_one_shot(llm: Mllm) -> QuestionNode[EntityState, EntityQuestion]:
    """Make a node that corrects an entity with one question."""
    return QuestionNode(partial(_attempts, llm), one_shot_steps, _update)


def _attempts(llm: Mllm, state: EntityState) -> Iterator[Attempt[EntityQuestion]]:
    """Prepare the question; its calls are what a budget grants to the attributes together."""
    grants = state.get("entity_grants")
    return entity_attempts(state, llm, MAX_CALLS if grants is None else min(MAX_CALLS, sum(grants.values())))


def one_shot_steps(question: EntityQuestion) -> Steps[QuestionResult]:
    """Ask, ask once more if the answer cannot be read, verify; one correction for each attribute, in order."""
    prompt = load_prompt("one_shot", question.context.prompt_version("one_shot"))
    blanks = tuple(blank_correction(attribute, question, prompt) for attribute in ATTRIBUTES)
    log: ReplyLog = []
    try:
        answer = yield from readable_answer(_request(question, prompt), prompt.answer, log, question.calls)
    except (EndpointError, PictureError) as fault:
        outcome, state, reason = outcome_of(fault)
        failed = [replace(blank, outcome=outcome, answer=state, reason=reason, detail=str(fault)) for blank in blanks]
        return _with_cost_once(failed, log)
    assert isinstance(answer, OneShotAnswer)
    taken = [neighbour.span for neighbour in question.neighbours]
    verifiers: tuple[Callable[[], Value], ...] = (
        lambda: verify_span(answer.corrected_entity, question.entity.span, question.extraction.tokens, taken),
        lambda: verify_type(answer.corrected_type, question.extraction.labels),
        lambda: _verify_region(answer, question),
    )
    notes = [replace(blank, answer="value", reasoning=answer.reasoning_process) for blank in blanks]
    verified = [_verified(note, verify) for note, verify in zip(notes, verifiers, strict=True)]
    return _with_cost_once([weighed(note, question.extraction.accept, log) for note in verified], log)


def _request(question: EntityQuestion, prompt: Prompt) -> Request:
    uncertainties: dict[str, float] = {}
    for name in ATTRIBUTES:
        uncertainties[f"{name}_uncertainty"] = question.entity.uncertainty.of(name)
        uncertainties[f"{name}_threshold"] = shown_threshold(question.threshold_of(name))
    info = question.extraction.seen_picture
    values: dict[str, str | float] = {
        "text": question.extraction.text,
        "entity": question.entity.text,
        "entity_type": question.type_in_words,
        "labels": label_lines(question.extraction.labels),
        "neighbours": neighbour_lines(question.neighbours),
        "box": box_in_frame(question.entity.region, question.frame, info) if info is not None else "null",
        "frame": frame_in_words(question),
        **uncertainties,
    }
    return request_of(question, prompt, values, sent_picture(question) if prompt.picture else None, None)


def _verify_region(answer: OneShotAnswer, question: EntityQuestion) -> Value:
    """Check that the box lies in the picture.

    Raises:
        Unavailable: there is none, so the box could not be asked about.
    """
    info = question.extraction.seen_picture
    if info is None or question.image is None or question.frame is None:
        raise Unavailable("the post has no picture to look at", "no_picture")
    return verify_region(answer, question.entity.region, question.frame, (info.width, info.height))


def _verified(note: Correction, verify: Callable[[], Value]) -> Correction:
    try:
        after = verify()
    except Rejected as fault:
        return replace(note, outcome="rejected", detail=str(fault))
    except Unavailable as fault:
        return replace(note, outcome="unavailable", answer=None, reason=fault.reason, detail=str(fault))
    null = note.attribute == "region" and after is None
    return replace(note, outcome=outcome_of_value(note, after), after=after, answer="null" if null else "value")


def _with_cost_once(notes: list[Correction], log: ReplyLog) -> QuestionResult:
    """Write model and prompt into each correction; exchanges and cost only into the first."""
    first, *others = [with_usage(note, log) for note in notes]
    free = (
        replace(note, calls=0, input_tokens=0, output_tokens=0, cost=0.0, seconds=0.0, exchanges=()) for note in others
    )
    return QuestionResult((first, *free))


def _update(question: EntityQuestion, result: QuestionResult) -> Json:
    """Update the post graph's state: the entity by its index alone, as several come at once."""
    return {"corrected": corrected_entity(question, result)["corrected"]}
