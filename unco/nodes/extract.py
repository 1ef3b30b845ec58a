"""The first node: runs the small model, as a tool, and plans the calls (stage 1)."""

import asyncio
import time
from functools import partial
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool

from unco.context import Context
from unco.errors import SettingsError
from unco.nodes.plan_calls import calls_for, plan_calls
from unco.nodes.questions.question import most_calls
from unco.nodes.remember import Why, aremembering, as_json, memory_of, remembering
from unco.nodes.review.node import NOT_WANTED
from unco.nodes.run_choices import for_run
from unco.nodes.settings import check_settings, current_context
from unco.state import EXTRACTION, STATE_VERSION, Json, PostInput, to_json
from unco.tools.extraction.call import refuse_unusable
from unco.tools.extraction.saved_predictions import handed_in
from unco.tools.extraction.tool import arguments_of
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search
from unco.types import Extraction, Thresholds, UnusablePicture


class ExtractNode(Runnable[PostInput, Json]):
    """Runs the small model and sets the run's thresholds, under `invoke` and `ainvoke` alike.

    Raises:
        InputError: text, picture or settings cannot be used; nothing has been asked yet.
        Overloaded: too many posts wait for the small model.
    """

    def __init__(
        self, tool: BaseTool, llm: Mllm, knowledge: Search | None = None, thresholds: Thresholds | None = None
    ) -> None:
        """Bind small model, MLLM and facts, so that state and context stay plain.

        Args:
            tool: the small model.
            llm: the MLLM that is asked.
            knowledge: where facts are looked up; None = nowhere.
            thresholds: instead of the checkpoint's and the context's, for a variant that fixes them.
        """
        self._tool = tool
        self._llm = llm
        self._knowledge = knowledge
        self._thresholds = thresholds

    def invoke(self, input: PostInput, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Run the small model."""
        context = self._checked_context(input, config)
        memory = memory_of(context)
        found = handed_in(input) or EXTRACTION.validate_python(self._tool.invoke(_arguments(input, context)))
        return self._update(*remembering(self._for_run(found, context), memory), context)

    async def ainvoke(self, input: PostInput, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Run the small model, awaiting it: posts that run at the same time go through it as one batch."""
        context = await asyncio.to_thread(
            self._checked_context, input, config
        )  # it reads prompts and a probed box frame
        memory = memory_of(context)
        found = handed_in(input) or EXTRACTION.validate_python(await self._tool.ainvoke(_arguments(input, context)))
        return self._update(*await aremembering(self._for_run(found, context), memory), context)

    def _checked_context(self, input: PostInput, config: RunnableConfig | None) -> Context:
        context = current_context()
        if context.review and not (config or {}).get("configurable", {}).get("__pregel_checkpointer"):
            raise SettingsError(
                "a review interrupts the run, and only a run that a checkpointer keeps can go on: build the graph with "
                "build_graph(..., checkpointer=...) and give a thread_id, or leave `review` out of the context"
            )
        check_settings(context, self._llm, self._knowledge, has_picture=input.image is not None)
        return context

    def _for_run(self, found: Extraction, context: Context) -> Extraction:
        """Apply the run's choices to what the small model said."""
        refuse_unusable(found, context.strict_pictures)
        return for_run(found, context, self._thresholds)

    def _update(self, extraction: Extraction, why: Why, context: Context) -> Json:
        """Update the state: the extraction with this run's thresholds, the planned calls, the deadline.

        A picture that could not be used is forgotten, so that nobody is asked about it or shown it.
        """
        calls = calls_for(context, self._llm, extraction.text)  # also in replay, which asks what was asked
        grants = None if calls is None else plan_calls(extraction, calls, partial(most_calls, context))
        unusable = {"image": None} if isinstance(extraction.picture, UnusablePicture) else {}
        return unusable | {
            "state_version": STATE_VERSION,
            "extraction": to_json(EXTRACTION, extraction),
            "memory": context.memory,
            "remembered": as_json(why),
            "corrected": None,
            "questions": [],
            "review_state": NOT_WANTED | {"outcomes": list(context.review)},
            "deadline": None if context.post_seconds is None else time.time() + context.post_seconds,
            "calls": calls,
            "grants": None if grants is None else {str(index): dict(each) for index, each in grants.items()},
        }


def _arguments(post: PostInput, context: Context) -> Json:
    return arguments_of(post, near_misses=context.recall_threshold is not None)
