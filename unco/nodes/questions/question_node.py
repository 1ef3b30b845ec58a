"""The node that asks a question: prepares it from the state, asks, updates the state."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig

from unco.nodes.questions.question import Question
from unco.nodes.questions.question_runner import Attempt, Steps, ask_models
from unco.nodes.questions.usage import QuestionResult
from unco.state import Json
from unco.tools.blocking import block_on

State = TypeVar("State")
AnyQuestion = TypeVar("AnyQuestion", bound=Question)


class QuestionNode(Runnable[State, Json], Generic[State, AnyQuestion]):
    """A node that asks a question, under `invoke` and `ainvoke` alike.

    LangGraph opens the node's run itself; a `RunnableLambda` would open a second one inside.
    """

    def __init__(
        self,
        prepare: Callable[[State], Iterator[Attempt[AnyQuestion]]],
        steps: Callable[[AnyQuestion], Steps[QuestionResult]],
        update: Callable[[AnyQuestion, QuestionResult], Json],
    ) -> None:
        """Bind the three parts, so that state and context stay plain.

        Args:
            prepare: gives the question for each model that may be asked, in order.
            steps: asks, reads, verifies; every way to fail ends in an outcome.
            update: gives the keys of the state that change.
        """
        self._prepare, self._steps, self._update = prepare, steps, update

    def invoke(self, input: State, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Ask about what the state holds, and wait."""
        return block_on(self._run(input))

    async def ainvoke(self, input: State, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Ask about what the state holds, awaiting the MLLM."""
        return await self._run(input)

    async def _run(self, state: State) -> Json:
        return self._update(*await ask_models(self._prepare(state), self._steps))
