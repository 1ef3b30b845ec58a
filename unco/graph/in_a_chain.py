"""The graph as a step of a chain (`prepare | graph | use`): the next step gets the result, also when it is streamed.

LangGraph gives it one update for each node instead, of which a function takes the last for the result.
"""

from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig


class InOnePiece(Runnable[Any, Any]):
    """A graph that gives its result in one piece, whichever way it is run."""

    def __init__(self, graph: Runnable[Any, Any]) -> None:
        """Keep the graph."""
        self._graph = graph

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run the graph."""
        return self._graph.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run the graph, awaiting it."""
        return await self._graph.ainvoke(input, config, **kwargs)
