"""The node that corrects an attribute: question, verified answer, correction, in the same steps for each."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Protocol

from unco.errors import EndpointError, PictureError, Rejected
from unco.nodes.questions.accept import weighed
from unco.nodes.questions.fallbacks import entity_attempts
from unco.nodes.questions.question import EntityQuestion, most_calls, request_of
from unco.nodes.questions.question_node import QuestionNode
from unco.nodes.questions.question_runner import Attempt, Steps, outcome_of, readable_answer
from unco.nodes.questions.searching_node import SearchingNode, look_up
from unco.nodes.questions.second_look import looked_closer
from unco.nodes.questions.second_opinion import confirmed
from unco.nodes.questions.usage import QuestionResult, ReplyLog, with_usage
from unco.nodes.run_choices import outcome_of_value
from unco.nodes.settings import current_context
from unco.prompts import Answer, LookAnswer, Prompt, load_prompt
from unco.state import ENTITY, EntityState, Json, to_json
from unco.tools.extraction.text import with_span
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request, SentPicture
from unco.tools.search.search import Search
from unco.types import AnswerState, Attribute, Box, Correction, Entity, Extraction, Span

Value = Span | str | Box | None


class Corrector(Protocol):
    """What differs from attribute to attribute: the prompt's values and the verification."""

    attribute: Attribute

    def prompt_values(self, question: EntityQuestion) -> tuple[dict[str, str], SentPicture | None]:
        """Give the values for the prompt, uncertainty and threshold aside, and the picture to send.

        Raises:
            Unavailable: it cannot be asked about.
        """

    def verify(self, answer: Answer, question: EntityQuestion) -> Value:
        """Return the answer's value, verified.

        Raises:
            Rejected: it cannot be true.
        """


def corrector_node(
    corrector: Corrector, llm: Mllm, knowledge: Search | None = None
) -> QuestionNode[EntityState, EntityQuestion]:
    """Make a node that corrects one attribute of the state's entity.

    Args:
        corrector: the attribute.
        llm: who is asked.
        knowledge: facts, for versions of the prompt that quote them; None = there are none.
    """
    prepare, steps = partial(_attempts, corrector.attribute, llm), partial(correction_steps, corrector)
    if knowledge is None:
        return QuestionNode(prepare, steps, corrected_entity)
    return SearchingNode(prepare, steps, corrected_entity, partial(look_up, knowledge, llm, corrector.attribute))


def _attempts(attribute: Attribute, llm: Mllm, state: EntityState) -> Iterator[Attempt[EntityQuestion]]:
    most = most_calls(current_context(), attribute)
    return entity_attempts(state, llm, calls=(state.get("entity_grants") or {}).get(attribute, most))


def correction_steps(corrector: Corrector, question: EntityQuestion) -> Steps[QuestionResult]:
    """Ask, ask once more if the answer cannot be read, verify; every failure becomes an outcome."""
    prompt = load_prompt(corrector.attribute, question.context.prompt_version(corrector.attribute))
    blank = blank_correction(corrector.attribute, question, prompt)
    log: ReplyLog = []
    try:
        request = _request(corrector, question, prompt)
        answer = yield from readable_answer(request, prompt.answer, log, question.calls)
    except (EndpointError, PictureError) as fault:
        outcome, state, reason = outcome_of(fault)
        failed = replace(blank, outcome=outcome, answer=state, reason=reason, detail=str(fault))
        return QuestionResult((with_usage(failed, log),))
    answered = replace(blank, answer="value", reasoning=answer.reasoning_process)
    note = _verified(corrector, answer, question, answered)
    if isinstance(answer, LookAnswer) and answer.look_closer_at is not None:
        note = yield from looked_closer(note, answer.look_closer_at, question, log)
    unsure_again = question.context.second_opinion_below is not None
    note = weighed(note, question.extraction.accept, log, measure=unsure_again)
    if question.context.second_opinion:
        note = yield from confirmed(note, question, request.picture, log)
    return QuestionResult((with_usage(note, log),))


def _verified(corrector: Corrector, answer: Answer, question: EntityQuestion, note: Correction) -> Correction:
    try:
        after = corrector.verify(answer, question)
    except Rejected as fault:
        return replace(note, outcome="rejected", detail=str(fault))
    state: AnswerState = "null" if corrector.attribute == "region" and after is None else "value"
    return replace(note, outcome=outcome_of_value(note, after), after=after, answer=state)


def _request(corrector: Corrector, question: EntityQuestion, prompt: Prompt) -> Request:
    values, picture = corrector.prompt_values(question)
    uncertainty: dict[str, str | float] = {
        "uncertainty": question.entity.uncertainty.of(corrector.attribute),
        "threshold": shown_threshold(question.threshold_of(corrector.attribute)),
    }
    return request_of(question, prompt, {**values, **uncertainty}, picture, corrector.attribute)


def shown_threshold(threshold: float) -> float:
    """Return a threshold as a prompt shows it: ALWAYS as 0, as a model knows uncertainties from 0 to 1."""
    return max(0.0, threshold)


def blank_correction(attribute: Attribute, question: EntityQuestion, prompt: Prompt) -> Correction:
    """Build the correction of an attribute before anybody is asked about it."""
    value = question.entity.value_of(attribute)
    return Correction(
        attribute=attribute,
        outcome="unavailable",
        before=value,
        after=value,
        uncertainty=question.entity.uncertainty.of(attribute),
        threshold=question.threshold_of(attribute),
        prompt=prompt.id,
        prompt_hash=prompt.sha256[:12],
        facts=question.facts,
        look_up=question.look_up,
    )


def corrected_entity(question: EntityQuestion, result: QuestionResult) -> Json:
    """Update the state: the entity with its corrections, also under its index for the post graph."""
    entity = question.entity
    for note in result.notes:
        assert isinstance(note, Correction)
        entity = with_correction(entity, note, question.extraction)
    corrected = to_json(ENTITY, entity)
    return {"entity": corrected, "corrected": {str(entity.index): corrected}}


def with_correction(entity: Entity, correction: Correction, extraction: Extraction) -> Entity:
    """Apply a correction to an entity, and append it to the corrections."""
    notes = (*entity.corrections, correction)
    match correction.after:
        case Span() as span if correction.attribute == "span":
            return with_span(replace(entity, corrections=notes), span, extraction.text, extraction.offsets)
        case str() as entity_type if correction.attribute == "type":
            return replace(entity, corrections=notes, type=entity_type)
        case None if correction.attribute == "type":  # still not known
            return replace(entity, corrections=notes)
        case (Box() | None) as region if correction.attribute == "region":
            return replace(entity, corrections=notes, region=region)
        case _ if not hasattr(entity, correction.attribute):  # its value stands in the correction alone
            return replace(entity, corrections=notes)
    raise TypeError(f"a {correction.attribute} cannot become {correction.after!r}")
