"""The first node: the small model, as a tool, finds entities and says how unsure it is (stage 1)."""

import time
from dataclasses import replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool

from unco.context import Context
from unco.nodes.plan_calls import calls_for, plan_calls
from unco.nodes.settings import check_settings, current_context
from unco.state import EXTRACTION, Json, PostInput, to_json
from unco.tools.llm import Mllm


class ExtractNode(Runnable[PostInput, Json]):
    """A node that runs the tool and fixes the run's thresholds, under `invoke` and `ainvoke` alike.

    Raises:
        InputError: text, picture or settings cannot be used; nothing has been asked yet.
        Overloaded: too many posts wait for the small model.
    """

    def __init__(self, tool: BaseTool, llm: Mllm) -> None:
        """Bind the small model and who will be asked, so that state and context stay plain."""
        self._tool = tool
        self._llm = llm

    def invoke(self, input: PostInput, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Run the tool."""
        context = _checked_context(self._llm)
        return _update(self._tool.invoke(_arguments(input)), context, self._llm)

    async def ainvoke(self, input: PostInput, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting: posts that run at the same time go through the small model as one batch."""
        context = _checked_context(self._llm)
        return _update(await self._tool.ainvoke(_arguments(input)), context, self._llm)


def _checked_context(llm: Mllm) -> Context:
    context = current_context()
    check_settings(context, llm)
    return context


def _arguments(input: PostInput) -> Json:
    """What the small model needs of a post."""
    return input.model_dump(exclude={"private"})


def _update(found: Json, context: Context, llm: Mllm) -> Json:
    """The extraction under this run's thresholds, and how much may be asked about it, and until when."""
    extraction = EXTRACTION.validate_python(found)
    extraction = replace(extraction, thresholds=context.thresholds(extraction.thresholds))
    calls = calls_for(context, llm)
    grants = None if calls is None else plan_calls(extraction, calls)
    return {
        "extraction": to_json(EXTRACTION, extraction),
        "corrected": None,
        "deadline": None if context.post_seconds is None else time.time() + context.post_seconds,
        "grants": None if grants is None else {str(index): dict(calls) for index, calls in grants.items()},
    }
