"""Refuses to go on from a checkpoint whose state another version of unco wrote, before a node stumbles over it.

It applies where a run goes on: after a kill, a review, or from an earlier step. A new post in an old thread may run.
"""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from unco.errors import DataError
from unco.state import STATE_VERSION

Saver = BaseCheckpointSaver[Any]


def saver_of(input: Any, config: RunnableConfig | None, own: Any) -> Saver | None:
    """Return the checkpointer that a run goes on from; None where it begins, or none keeps it.

    Args:
        input: a post begins a run; inside of another graph the post is given again, and LangGraph says that it goes on.
        config: of the run; None = that of the node that calls the graph.
        own: the checkpointer that the graph was compiled with.
    """
    chosen = ensure_config(config)["configurable"]
    goes_on = chosen.get("__pregel_resuming", not isinstance(input, dict))
    saver = chosen.get("__pregel_checkpointer") or own
    return saver if goes_on and "thread_id" in chosen and isinstance(saver, BaseCheckpointSaver) else None


def check_version(saved: CheckpointTuple | None) -> None:
    """Check which version wrote a state; one that holds nothing but a post yet may be of any.

    Raises:
        DataError: it was another; names both.
    """
    if saved is None:
        return
    written = {name: value for _, name, value in saved.pending_writes or ()}  # of steps after the checkpoint
    values = saved.checkpoint["channel_values"] | written
    found = values.get("state_version", 0)
    if "questions" not in values or found == STATE_VERSION:
        return
    thread = saved.config.get("configurable", {}).get("thread_id")
    age = "an older" if found < STATE_VERSION else "a newer"
    raise DataError(
        f"the run in thread {thread!r} was begun by {age} version of unco (its state has version {found}, this one "
        f"reads {STATE_VERSION}): finish it with the version that began it, or send the post again"
    )
