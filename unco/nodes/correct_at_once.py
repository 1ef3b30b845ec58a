"""One-time correction: one question for all three attributes of an entity (the paper's Table 3 without its hierarchy).

The answer counts for all three, also for those whose uncertainty is below the threshold; each is verified on its own.
The question's cost stands at the span, and the other two cost nothing, so that sums over corrections are right.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from unco.errors import EndpointError, PictureError, Rejected, Unavailable
from unco.nodes.correct_region import box_in_frame
from unco.nodes.correction import (
    Case,
    Steps,
    Value,
    aask_all,
    ask_all,
    how_it_ended,
    readable_answer,
    shown_threshold,
    with_replies,
)
from unco.nodes.corrector_node import entity_case, with_correction
from unco.nodes.post_frame import frame_in_words
from unco.nodes.sent_picture import sent_picture
from unco.nodes.verify import verify_region, verify_span, verify_type
from unco.prompts import OneShotAnswer, Prompt, label_lines, load_prompt, neighbour_lines, render
from unco.state import ENTITY, EntityState, Json, to_json
from unco.tools.llm import Mllm
from unco.tools.request import Reply, Request
from unco.types import ATTRIBUTES, Attribute, Correction, Entity, Outcome

Corrections = tuple[Correction, ...]


class CorrectAtOnce(Runnable[EntityState, Json]):
    """A node that corrects an entity with one question, under `invoke` and `ainvoke` alike."""

    def __init__(self, llm: Mllm) -> None:
        """Bind who is asked."""
        self._llm = llm

    def invoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Correct the state's entity."""
        case, mode = entity_case(input, self._llm)
        return _update(case, ask_all(one_shot_steps(case), lambda request: self._llm.ask(request, mode)))

    async def ainvoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting the MLLM."""
        case, mode = entity_case(input, self._llm)
        return _update(case, await aask_all(one_shot_steps(case), lambda request: self._llm.aask(request, mode)))


def one_shot_steps(case: Case) -> Steps[Corrections]:
    """Ask, read, ask once more if it cannot be read, verify; a correction for each attribute, in their order."""
    prompt = load_prompt("one_shot", case.context.prompt_version("one_shot"))
    blanks = tuple(_blank(attribute, case, prompt) for attribute in ATTRIBUTES)
    replies: list[Reply] = []
    try:
        answer = yield from readable_answer(_request(case, prompt), prompt.answer, replies)
    except (EndpointError, PictureError) as fault:
        outcome, state = how_it_ended(fault)
        ended = [replace(blank, outcome=outcome, answer=state, detail=str(fault)) for blank in blanks]
        return _with_cost_once(ended, replies)
    assert isinstance(answer, OneShotAnswer)
    verifiers: tuple[Callable[[], Value], ...] = (
        lambda: verify_span(answer.corrected_entity, case.entity.span, case.extraction.tokens),
        lambda: verify_type(answer.corrected_type, case.extraction.labels),
        lambda: _verify_region(answer, case),
    )
    told = [replace(blank, answer="value", reasoning=answer.reasoning_process) for blank in blanks]
    return _with_cost_once([_verified(note, verify) for note, verify in zip(told, verifiers, strict=True)], replies)


def _request(case: Case, prompt: Prompt) -> Request:
    doubts: dict[str, float] = {}
    for name in ATTRIBUTES:
        doubts[f"{name}_uncertainty"] = case.entity.uncertainty.of(name)
        doubts[f"{name}_threshold"] = shown_threshold(case.extraction.thresholds.of(name))
    info = case.extraction.picture
    rendered = render(
        prompt,
        text=case.extraction.text,
        entity=case.entity.text,
        entity_type=case.entity.type,
        labels=label_lines(case.extraction.labels),
        neighbours=neighbour_lines(case.neighbours),
        box=box_in_frame(case.entity.region, case.frame, info) if info is not None else "null",
        frame=frame_in_words(case),
        **doubts,
    )
    return Request(
        model=case.model,
        system=rendered.system,
        user=rendered.user,
        picture=sent_picture(case) if prompt.picture else None,
        prompt=prompt.id,
        prompt_hash=prompt.sha256,
    )


def _blank(attribute: Attribute, case: Case, prompt: Prompt) -> Correction:
    before = getattr(case.entity, attribute)
    return Correction(
        attribute=attribute,
        outcome="unavailable",
        before=before,
        after=before,
        uncertainty=case.entity.uncertainty.of(attribute),
        threshold=case.extraction.thresholds.of(attribute),
        prompt=prompt.id,
        prompt_hash=prompt.sha256[:12],
    )


def _verify_region(answer: OneShotAnswer, case: Case) -> Value:
    """The box must lie in the picture.

    Raises:
        Unavailable: there is none, so the box could not be asked about.
    """
    info = case.extraction.picture
    if info is None or case.image is None or case.frame is None:
        raise Unavailable("the post has no picture to look at")
    return verify_region(answer, case.entity.region, case.frame, (info.width, info.height))


def _verified(told: Correction, verify: Callable[[], Value]) -> Correction:
    try:
        after = verify()
    except Rejected as fault:
        return replace(told, outcome="rejected", detail=str(fault))
    except Unavailable as fault:
        return replace(told, outcome="unavailable", answer=None, detail=str(fault))
    null = told.attribute == "region" and after is None
    outcome: Outcome = "changed" if after != told.before else "kept"
    return replace(told, outcome=outcome, after=after, answer="null" if null else "value")


def _with_cost_once(notes: list[Correction], replies: list[Reply]) -> Corrections:
    """Whose answer it was stands at each; what it cost only at the first."""
    told = [with_replies(note, replies) for note in notes]
    free = [replace(note, calls=0, input_tokens=0, output_tokens=0, seconds=0.0) for note in told[1:]]
    return (told[0], *free)


def _update(case: Case, corrections: Corrections) -> Json:
    entity: Entity = case.entity
    for correction in corrections:
        entity = with_correction(entity, correction, case.extraction)
    return {"corrected": {str(entity.index): to_json(ENTITY, entity)}}
