"""Refuses to go on where nothing was begun, or by another version of unco, before a node stumbles over the state.

It applies where a run goes on: after a kill, a review, or from an earlier step. A new post in an old thread may run.
"""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.types import Command

from unco.errors import DataError, PostError
from unco.state import STATE_VERSION

Saver = BaseCheckpointSaver[Any]


def config_of_run(bound: RunnableConfig | None, config: RunnableConfig | None) -> RunnableConfig:
    """Return the config that LangGraph runs a graph with: a thread of its own is apart from that of a node around.

    Args:
        bound: to the graph, by `with_config`.
        config: of the run.
    """
    own = {**((bound or {}).get("configurable") or {}), **((config or {}).get("configurable") or {})}
    around = {} if "thread_id" in own else ensure_config(None)["configurable"]
    return {**ensure_config(config), "configurable": {**around, **own}}


def saver_of(input: Any, config: RunnableConfig, own: Any) -> Saver | None:
    """Return the checkpointer that a run goes on from; None where it begins, or none keeps it.

    Args:
        input: a post begins a run; inside of another graph the post is given again, and LangGraph says that it goes on.
        config: of the run, see `config_of_run`.
        own: the checkpointer that the graph was compiled with.
    """
    chosen = config["configurable"]
    goes_on = chosen.get("__pregel_resuming", not isinstance(input, dict))
    saver = chosen.get("__pregel_checkpointer") or own
    return saver if goes_on and "thread_id" in chosen and isinstance(saver, BaseCheckpointSaver) else None


def check_saved(saved: CheckpointTuple | None, input: Any, config: RunnableConfig) -> None:
    """Check that there is a run to go on with, and that this version can.

    Raises:
        DataError: another version began it; names both.
        PostError: there is none in the thread.
    """
    if saved is not None:
        check_version(saved)
    elif input is None or (isinstance(input, Command) and input.resume is not None):
        thread = config["configurable"]["thread_id"]
        raise PostError(
            f"there is no run in thread {thread!r} that could go on: send a post, or name the thread and the "
            "checkpointer of the run"
        )


def check_version(saved: CheckpointTuple) -> None:
    """Check which version wrote a state; one that holds nothing but a post yet may be of any.

    Raises:
        DataError: it was another; names both.
    """
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
