"""What memory does in a run: it changes the doubts of names that were decided before, and keeps what is decided now.

A store that fails costs a post nothing but a warning: its doubts are then the small model's own.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore

from unco.context import Context
from unco.errors import SettingsError, shorten
from unco.state import ENTITY, EXTRACTION, Json, PostState
from unco.tools.memory.decisions import Decision, Remembered, decisions_about, today
from unco.tools.memory.memory import Memory
from unco.tools.memory.weigh import Weighed, names_of, weigh
from unco.types import Extraction

Why = Mapping[int, Mapping[Remembered, Weighed]]
"""What memory changed, by entity and attribute."""


def memory_of(context: Context) -> Memory | None:
    """Return the run's memory; None = it has none.

    Raises:
        SettingsError: the context names one, and the graph has no store to keep it in.
    """
    if context.memory is None:
        return None
    store: BaseStore | None = get_runtime(Context).store
    if store is None:
        raise SettingsError(
            "a memory needs a store: build the graph with build_graph(..., store=...), or set UNCO_MEMORY to a file; "
            "or leave `memory` out of the context"
        )
    return Memory(store, context.memory)


def remembering(extraction: Extraction, memory: Memory | None) -> tuple[Extraction, Why]:
    """Change an extraction's doubts by what is remembered of its names."""
    if memory is None or not extraction.entities:
        return extraction, {}
    try:
        found = memory.find(names_of(extraction))
    except Exception as error:  # of any store, whose errors are its own
        return _without(extraction, error), {}
    return weigh(extraction, found, today())


async def aremembering(extraction: Extraction, memory: Memory | None) -> tuple[Extraction, Why]:
    """Change them as `remembering` does, without holding the event loop."""
    if memory is None or not extraction.entities:
        return extraction, {}
    try:
        found = await memory.afind(names_of(extraction))
    except Exception as error:  # of any store, whose errors are its own
        return _without(extraction, error), {}
    return weigh(extraction, found, today())


def _without(extraction: Extraction, error: Exception) -> Extraction:
    return replace(extraction, warnings=(*extraction.warnings, _warning("read", error)))


def _warning(done: str, error: Exception) -> str:
    return f"the memory could not be {done}: {shorten(f'{type(error).__name__}: {error}')}"


def as_json(why: Why) -> Json:
    """Convert to plain JSON for the state."""
    return {str(index): {name: asdict(one) for name, one in changed.items()} for index, changed in why.items()}


def from_json(data: Json | None) -> Why:
    """Read what `as_json` wrote."""
    return {int(index): {name: Weighed(**one) for name, one in each.items()} for index, each in (data or {}).items()}


class RememberNode(Runnable[PostState, Json]):
    """Keeps what was decided about a post's names, once nobody is asked about it any more."""

    def invoke(self, input: PostState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Keep it; a store that fails is a warning."""
        try:
            _memory(input).add(_decisions(input))
        except Exception as error:  # of any store, whose errors are its own
            return {"warnings": [*input["warnings"], _warning("written", error)]}
        return {}

    async def ainvoke(self, input: PostState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Keep it without holding the event loop."""
        try:
            await _memory(input).aadd(_decisions(input))
        except Exception as error:  # of any store, whose errors are its own
            return {"warnings": [*input["warnings"], _warning("written", error)]}
        return {}


def is_to_remember(state: PostState) -> bool:
    """Tell whether a run keeps what it decided: it has a memory, and the post is not private."""
    return state.get("memory") is not None and not state.get("private", False)


def _memory(state: PostState) -> Memory:
    memory = memory_of(Context(memory=state["memory"]))
    assert memory is not None
    return memory


def _decisions(state: PostState) -> list[Decision]:
    entities = [*state["entities"], *(one["entity"] for one in state.get("dropped", ()))]
    extraction = EXTRACTION.validate_python(state["extraction"])
    return decisions_about(tuple(map(ENTITY.validate_python, entities)), extraction, today())
