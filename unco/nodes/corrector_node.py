"""Makes a node of a corrector: reads the entity's state, runs the correction, writes the entity back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from unco.nodes.questions.correction import CORRECTION, Corrector, correction_steps
from unco.nodes.questions.fallbacks import entity_turns
from unco.nodes.questions.question import MOST_CALLS, Case
from unco.nodes.questions.question_runner import Steps, Turn, aask_chain, ask_chain
from unco.prompts import load_prompt
from unco.state import ENTITY, EntityState, Json, to_json
from unco.tools.extraction.text import with_span
from unco.tools.knowledge import Knowledge
from unco.tools.llm.client import Mllm
from unco.types import Box, Correction, Entity, Extraction, Span


class CorrectorNode(Runnable[EntityState, Json]):
    """A node that works under `invoke` and `ainvoke` alike.

    LangGraph opens the node's run itself; a `RunnableLambda` would open a second one inside.
    """

    def __init__(self, corrector: Corrector, llm: Mllm, knowledge: Knowledge | None = None) -> None:
        """Bind what to correct, who is asked and where facts are, so that state and context stay plain."""
        self._corrector = corrector
        self._llm = llm
        self._knowledge = knowledge

    def invoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Correct one attribute of the state's entity."""
        return _update(*ask_chain(self._turns(input), self._steps, CORRECTION))

    async def ainvoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting the MLLM."""
        return _update(*await aask_chain(self._turns(input), self._steps, CORRECTION))

    def _steps(self, case: Case) -> Steps[Correction]:
        """Facts are looked up only where the prompt has a place for them."""
        name = self._corrector.attribute
        wanted = load_prompt(name, case.context.prompt_version(name)).uses("facts")
        facts = self._knowledge.look_up(case.entity.text) if self._knowledge and wanted else ()
        return correction_steps(self._corrector, replace(case, facts=facts))

    def _turns(self, state: EntityState) -> Iterator[Turn[Case]]:
        calls = (state.get("grants") or {}).get(self._corrector.attribute, MOST_CALLS)
        for turn in entity_turns(state, self._llm):
            yield replace(turn, case=replace(turn.case, calls=calls))


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
