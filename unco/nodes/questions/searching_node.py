"""The node that looks an entity's name up before it asks about the entity, once for all models of a chain."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from unco.nodes.questions.question import EntityQuestion, most_calls
from unco.nodes.questions.question_node import QuestionNode
from unco.nodes.questions.question_runner import Attempt, Steps, ask_models
from unco.nodes.questions.usage import QuestionResult
from unco.nodes.settings import current_context, current_mode
from unco.prompts import load_prompt
from unco.state import ENTITY, EntityState, Json
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Findings, Query, Search
from unco.types import Attribute


class SearchingNode(QuestionNode[EntityState, EntityQuestion]):
    """A node whose question quotes what a search found."""

    def __init__(
        self,
        prepare: Callable[[EntityState], Iterator[Attempt[EntityQuestion]]],
        steps: Callable[[EntityQuestion], Steps[QuestionResult]],
        update: Callable[[EntityQuestion, QuestionResult], Json],
        look_up: Callable[[EntityState], Awaitable[Findings]],
    ) -> None:
        """Bind the parts of a node, and the search."""
        super().__init__(prepare, steps, update)
        self._look_up = look_up

    async def _run(self, state: EntityState) -> Json:
        found = await self._look_up(state)
        attempts = (
            replace(attempt, question=replace(attempt.question, facts=found.facts, look_up=found.look_up))
            for attempt in self._prepare(state)
        )
        return self._update(*await ask_models(attempts, self._steps))


async def look_up(search: Search, llm: Mllm, attribute: Attribute, state: EntityState) -> Findings:
    """Look up the entity's words, where the prompt has a place for facts.

    Where nobody may be asked about the attribute any more, no tool is asked either.
    """
    context = current_context()
    if not load_prompt(attribute, context.prompt_version(attribute)).uses("facts"):
        return Findings()
    entity, post = ENTITY.validate_python(state["entity"]), state["post"]
    granted = (state.get("entity_grants") or {}).get(attribute, most_calls(context, attribute))
    query = Query(
        words=entity.text,
        mode=current_mode(context, llm) if granted else "off",
        private=post.get("private", False),
        deadline=post.get("deadline"),
        entity=entity.index,
    )
    return await search.search(query)
