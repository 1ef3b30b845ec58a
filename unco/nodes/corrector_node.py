"""Makes a node of a corrector: reads the entity's state, runs the correction, writes the entity back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from unco.context import Mode
from unco.nodes.correction import MOST_CALLS, Case, Corrector, aask_all, ask_all, correction_steps
from unco.nodes.settings import chain_of, current_context, current_frame, current_mode, current_model
from unco.state import ENTITY, EXTRACTION, EntityState, Json, to_json
from unco.tools.extractor import with_span
from unco.tools.llm import Mllm
from unco.types import Attribute, Box, Correction, Entity, Extraction, Span


class CorrectorNode(Runnable[EntityState, Json]):
    """A node that works under `invoke` and `ainvoke` alike.

    LangGraph opens the node's run itself; a `RunnableLambda` would open a second one inside.
    """

    def __init__(self, corrector: Corrector, llm: Mllm) -> None:
        """Bind what to correct and who is asked, so that state and context stay plain."""
        self._corrector = corrector
        self._llm = llm

    def invoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Correct one attribute of the state's entity."""
        told: list[Correction] = []
        for llm, case, mode in _cases(input, self._llm, self._corrector.attribute):
            steps = correction_steps(self._corrector, case)
            told.append(ask_all(steps, lambda request, llm=llm, mode=mode: llm.ask(request, mode)))  # type: ignore[misc]
            if was_answered(told[-1]):
                break
        return _update(case, of_chain(told))

    async def ainvoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting the MLLM."""
        told: list[Correction] = []
        for llm, case, mode in _cases(input, self._llm, self._corrector.attribute):
            steps = correction_steps(self._corrector, case)
            told.append(await aask_all(steps, lambda request, llm=llm, mode=mode: llm.aask(request, mode)))  # type: ignore[misc]
            if was_answered(told[-1]):
                break
        return _update(case, of_chain(told))


def _cases(state: EntityState, llm: Mllm, attribute: Attribute) -> Iterator[tuple[Mllm, Case, Mode]]:
    """What to ask of each model of the chain, in its own box frame; the run's choice of a model is a chain of one."""
    context = current_context()
    for one, its in chain_of(context, llm):
        mode, model = current_mode(context, llm), current_model(its, one)
        case = Case(
            entity=ENTITY.validate_python(state["entity"]),
            extraction=EXTRACTION.validate_python(state["extraction"]),
            image=state["image"],
            context=its,
            model=model,
            frame=current_frame(its, one) if mode != "off" and model else None,
            private=state.get("private", False),
            deadline=state.get("deadline"),
            privacy=one.terms.privacy,
            calls=(state.get("grants") or {}).get(attribute, MOST_CALLS),
        )
        yield one, case, mode


def was_answered(correction: Correction) -> bool:
    """Whether the endpoint gave a reply, readable or not; if not, the next model of the chain may."""
    return correction.outcome != "unavailable" and correction.answer != "failed"


def of_chain(told: Sequence[Correction]) -> Correction:
    """The last correction of a chain, with what came of the models before it."""
    *before, last = told
    details = [note.detail for note in before if note.detail]
    return replace(last, detail="; then: ".join([*details, *([last.detail] if last.detail else [])]))


def _update(case: Case, correction: Correction) -> Json:
    entity = to_json(ENTITY, with_correction(case.entity, correction, case.extraction))
    return {"entity": entity, "corrected": {str(case.entity.index): entity}}


def with_correction(entity: Entity, correction: Correction, extraction: Extraction) -> Entity:
    """The entity with a correction applied and written down."""
    noted = replace(entity, corrections=(*entity.corrections, correction))
    match correction.after:
        case Span() as span if correction.attribute == "span":
            return with_span(noted, span, extraction.text, extraction.offsets)
        case str() as kind if correction.attribute == "type":
            return replace(noted, type=kind)
        case (Box() | None) as region if correction.attribute == "region":
            return replace(noted, region=region)
    raise TypeError(f"a {correction.attribute} cannot become {correction.after!r}")
