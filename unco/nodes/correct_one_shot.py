"""One-time correction: one question for all three attributes of an entity (the paper's Table 3 without its hierarchy).

The answer counts for all three, also for those whose uncertainty is below the threshold; each is verified on its own.
The question's cost stands at the span, and the other two cost nothing, so that sums over corrections are right.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from unco.errors import EndpointError, PictureError, Rejected, Unavailable
from unco.nodes.correct_region import box_in_frame
from unco.nodes.corrector_node import with_correction
from unco.nodes.questions.correction import Value, blank_correction, shown_threshold
from unco.nodes.questions.fallbacks import entity_turns
from unco.nodes.questions.frame_in_words import frame_in_words
from unco.nodes.questions.question import MOST_CALLS, Case, request_of
from unco.nodes.questions.question_runner import (
    Account,
    Steps,
    Turn,
    aask_chain,
    ask_chain,
    how_it_ended,
    readable_answer,
)
from unco.nodes.questions.sent_picture import sent_picture
from unco.nodes.questions.usage import Said, fault_of, told, with_earlier_faults
from unco.nodes.verify import verify_region, verify_span, verify_type
from unco.prompts import OneShotAnswer, Prompt, label_lines, load_prompt, neighbour_lines
from unco.state import ENTITY, EntityState, Json, to_json
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request
from unco.types import ATTRIBUTES, Correction, Entity, Outcome

Corrections = tuple[Correction, ...]


class CorrectAtOnce(Runnable[EntityState, Json]):
    """A node that corrects an entity with one question, under `invoke` and `ainvoke` alike."""

    def __init__(self, llm: Mllm) -> None:
        """Bind who is asked."""
        self._llm = llm

    def invoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Correct the state's entity."""
        return _update(*ask_chain(_turns(input, self._llm), one_shot_steps, CORRECTIONS))

    async def ainvoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting the MLLM."""
        return _update(*await aask_chain(_turns(input, self._llm), one_shot_steps, CORRECTIONS))


def _turns(state: EntityState, llm: Mllm) -> Iterator[Turn[Case]]:
    """What a budget grants to the attributes together is what their one question may take."""
    grants = state.get("grants")
    calls = MOST_CALLS if grants is None else min(MOST_CALLS, sum(grants.values()))
    for turn in entity_turns(state, llm):
        yield replace(turn, case=replace(turn.case, calls=calls))


def one_shot_steps(case: Case) -> Steps[Corrections]:
    """Ask, read, ask once more if it cannot be read, verify; a correction for each attribute, in their order."""
    prompt = load_prompt("one_shot", case.context.prompt_version("one_shot"))
    blanks = tuple(blank_correction(attribute, case, prompt) for attribute in ATTRIBUTES)
    said: list[Said] = []
    try:
        answer = yield from readable_answer(_request(case, prompt), prompt.answer, said, case.calls)
    except (EndpointError, PictureError) as fault:
        outcome, state = how_it_ended(fault)
        ended = [replace(blank, outcome=outcome, answer=state, detail=str(fault)) for blank in blanks]
        return _with_cost_once(ended, said)
    assert isinstance(answer, OneShotAnswer)
    taken = [neighbour.span for neighbour in case.neighbours]
    verifiers: tuple[Callable[[], Value], ...] = (
        lambda: verify_span(answer.corrected_entity, case.entity.span, case.extraction.tokens, taken),
        lambda: verify_type(answer.corrected_type, case.extraction.labels),
        lambda: _verify_region(answer, case),
    )
    notes = [replace(blank, answer="value", reasoning=answer.reasoning_process) for blank in blanks]
    return _with_cost_once([_verified(note, verify) for note, verify in zip(notes, verifiers, strict=True)], said)


def _request(case: Case, prompt: Prompt) -> Request:
    doubts: dict[str, float] = {}
    for name in ATTRIBUTES:
        doubts[f"{name}_uncertainty"] = case.entity.uncertainty.of(name)
        doubts[f"{name}_threshold"] = shown_threshold(case.extraction.thresholds.of(name))
    info = case.extraction.picture
    values: dict[str, str | float] = {
        "text": case.extraction.text,
        "entity": case.entity.text,
        "entity_type": case.entity.type,
        "labels": label_lines(case.extraction.labels),
        "neighbours": neighbour_lines(case.neighbours),
        "box": box_in_frame(case.entity.region, case.frame, info) if info is not None else "null",
        "frame": frame_in_words(case),
        **doubts,
    }
    return request_of(case, prompt, values, sent_picture(case) if prompt.picture else None, None)


def _verify_region(answer: OneShotAnswer, case: Case) -> Value:
    """The box must lie in the picture.

    Raises:
        Unavailable: there is none, so the box could not be asked about.
    """
    info = case.extraction.picture
    if info is None or case.image is None or case.frame is None:
        raise Unavailable("the post has no picture to look at")
    return verify_region(answer, case.entity.region, case.frame, (info.width, info.height))


def _verified(note: Correction, verify: Callable[[], Value]) -> Correction:
    try:
        after = verify()
    except Rejected as fault:
        return replace(note, outcome="rejected", detail=str(fault))
    except Unavailable as fault:
        return replace(note, outcome="unavailable", answer=None, detail=str(fault))
    null = note.attribute == "region" and after is None
    outcome: Outcome = "changed" if after != note.before else "kept"
    return replace(note, outcome=outcome, after=after, answer="null" if null else "value")


def _with_cost_once(notes: list[Correction], said: list[Said]) -> Corrections:
    """Whose answer it was stands at each; what was said and what it cost only at the first."""
    first, *others = [told(note, said) for note in notes]
    free = (
        replace(note, calls=0, input_tokens=0, output_tokens=0, cost=0.0, seconds=0.0, exchanges=()) for note in others
    )
    return (first, *free)


def _with_earlier_faults(notes: Corrections, faults: str) -> Corrections:
    return tuple(with_earlier_faults(note, faults) for note in notes)


def _fault_of(notes: Corrections) -> str:
    return fault_of(notes[0])


CORRECTIONS = Account(_fault_of, _with_earlier_faults)


def _update(case: Case, corrections: Corrections) -> Json:
    entity: Entity = case.entity
    for correction in corrections:
        entity = with_correction(entity, correction, case.extraction)
    return {"corrected": {str(entity.index): to_json(ENTITY, entity)}}
