"""An MLLM that is asked by batch: answers from the cache, all other questions are written to files."""

import asyncio
import threading

from langgraph.errors import GraphInterrupt
from langgraph.types import Interrupt

from unco.context import Mode
from unco.corpus.batch.question_files import QuestionFiles, body_of
from unco.tools.llm.client import Mllm, with_options
from unco.tools.llm.request import Reply, Request


class BatchMllm(Mllm):
    """One model of a chain, asked by batch. A question without an answer interrupts its entity, as LangGraph does.

    An attribute is asked about only when those before it are answered, and the others of the post go on.
    """

    def __init__(self, live: Mllm, files: QuestionFiles, waiting: set[str]) -> None:
        """Bind the live model and the files of questions.

        Args:
            live: whose endpoint, model, cache, privacy and budget hold.
            files: where questions are written.
            waiting: keys of questions that were written before and are not written again; grows.
        """
        super().__init__(
            live.base_url, live.model, frame=live.frame, cache=live.cache, terms=live.terms, options=live.options
        )
        self._files = files
        self._waiting = waiting
        self._guard = threading.Lock()
        self.written = 0
        """Number of questions written."""

    def ask(self, request: Request, mode: Mode) -> Reply:
        """Return the cache's reply; without one write the question and interrupt the graph.

        Raises:
            GraphInterrupt: the answer comes later.
            Unavailable: it may not be asked: privacy, budget.
            SetupError: the question, or the egress log, cannot be written.
        """
        request = with_options(request, self.options)
        key = self._key(request, mode)
        if found := self._find_cached(key):
            return found
        with self._guard:
            if key not in self._waiting:
                self._write(key, request)
        raise GraphInterrupt([Interrupt(value=request.prompt, id=key)])

    async def aask(self, request: Request, mode: Mode) -> Reply:
        """Answer from the cache or write the question, as `ask`, without blocking the event loop."""
        return await asyncio.to_thread(self.ask, request, mode)

    def _write(self, key: str, request: Request) -> None:
        """Write a question; it counts as spent, at the most that it can cost."""
        terms, address = self.terms, self.base_url or ""
        terms.privacy.check(address, request.purpose)
        with terms.budget.reserved(request, terms.prices.of(request.model)) as replies:
            if terms.egress:
                terms.egress.write(address, request)
            self._files.add(key, body_of(request, self.expected_shape(request)))
            replies.append(Reply(text="", finish_reason=None, model=request.model))
        self._waiting.add(key)
        self.written += 1
