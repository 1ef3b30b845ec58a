"""Makes a node of a corrector: reads the entity's state, runs the correction, writes the entity back."""

from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from unco.context import Mode
from unco.nodes.correction import Case, Corrector, PostCase, aask_all, ask_all, correction_steps
from unco.nodes.settings import current_context, current_frame, current_mode, current_model
from unco.prompts import load_prompt
from unco.state import ENTITY, EXTRACTION, NEIGHBOUR, EntityState, Json, to_json
from unco.tools.extractor import with_span
from unco.tools.knowledge import Knowledge
from unco.tools.llm import Mllm
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
        case, mode = self._case(input)
        steps = correction_steps(self._corrector, case)
        return _update(case, ask_all(steps, lambda request: self._llm.ask(request, mode)))

    async def ainvoke(self, input: EntityState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting the MLLM."""
        case, mode = self._case(input)
        steps = correction_steps(self._corrector, case)
        return _update(case, await aask_all(steps, lambda request: self._llm.aask(request, mode)))

    def _case(self, state: EntityState) -> tuple[Case, Mode]:
        """What the corrector knows; of facts only where its prompt has a place for them."""
        case, mode = entity_case(state, self._llm)
        name = self._corrector.attribute
        wanted = load_prompt(name, case.context.prompt_version(name)).uses("facts")
        return replace(case, knowledge=self._knowledge if wanted else None), mode


def entity_case(state: EntityState, llm: Mllm) -> tuple[Case, Mode]:
    """An entity's state as a case, and the run's mode."""
    post, mode = post_case(state["extraction"], state["image"], llm)
    case = Case(
        entity=ENTITY.validate_python(state["entity"]),
        neighbours=tuple(map(NEIGHBOUR.validate_python, state.get("neighbours", ()))),
        extraction=post.extraction,
        image=post.image,
        context=post.context,
        model=post.model,
        frame=post.frame,
    )
    return case, mode


def post_case(extraction: Json, image: str | None, llm: Mllm) -> tuple[PostCase, Mode]:
    """A post as the nodes know it, and the run's mode."""
    context = current_context()
    mode, model = current_mode(context, llm), current_model(context, llm)
    case = PostCase(
        extraction=EXTRACTION.validate_python(extraction),
        image=image,
        context=context,
        model=model,
        frame=current_frame(context, llm) if mode != "off" and model else None,
    )
    return case, mode


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
