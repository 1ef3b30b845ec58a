"""What a run is given, checked: a post, settings, and the config of a graph that this one may be a node of."""

from collections.abc import Mapping
from dataclasses import astuple, fields, is_dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langgraph.types import Command
from pydantic import BaseModel, ValidationError

from unco.context import Context
from unco.errors import PostError, SettingsError
from unco.state import PostInput
from unco.tools.pictures.data_urls import as_reference
from unco.tools.pictures.load import scheme_of, store_inline
from unco.types import Post

_SAVER = "__pregel_checkpointer"
"""Under which LangGraph lends its nodes the checkpointer of a run."""


def is_node(config: RunnableConfig | None) -> bool:
    """Return whether a graph runs as a node of another one."""
    # As LangGraph itself tells a graph that is nested; its server sets another key of the kind for every run.
    return "__pregel_task_id" in ((config or {}).get("configurable") or {})


def own_fields(post: Any, config: RunnableConfig | None) -> Any:
    """Return a post as a dict; of the state of a graph that this one is a node of, which has others, only its fields.

    A state may be an object: pydantic's, or a dataclass. What a state leaves at None is not given.
    """
    given = _fields_of(post)
    if not (is_node(config) and isinstance(given, dict)):
        return given
    return {name: given[name] for name in PostInput.model_fields if given.get(name) is not None}


def _fields_of(post: Any) -> Any:
    if isinstance(post, Mapping):
        return dict(post)
    if isinstance(post, BaseModel):
        found = dict(post)
    elif is_dataclass(post) and not isinstance(post, type | Command):
        found = {field.name: getattr(post, field.name, None) for field in fields(post)}
    else:
        return post
    if isinstance(post, Post):  # of which a run's settings say whether near misses are looked for
        boxes = None if post.regions is None else [astuple(box) for box in post.regions]
        found |= {"regions": boxes, "near_misses": post.near_misses or None}
    return {name: value for name, value in found.items() if value is not None}


def check_input(post: Any) -> Any:
    """Check a post's fields; an inline picture is stored and replaced by a reference, before any checkpoint.

    None, to go on, and a command pass through.

    Raises:
        PostError: an unknown, missing or wrongly typed field; or it is neither a post nor a way to go on.
    """
    if post is None or (isinstance(post, Command) and post != Command()):
        return post
    if isinstance(post, Command):
        raise PostError("this command says nothing, as None is no answer: use Command(resume=[answer, ...])")
    if not isinstance(post, dict):
        raise PostError(f'a post is {{"text": ...}}, and this is of type {type(post).__name__}')
    try:
        checked = PostInput.model_validate(post).model_dump()
    except ValidationError as error:
        each = (f"{'.'.join(map(str, fault['loc'][:1]))}: {fault['msg']}" for fault in error.errors())
        faults = "; ".join(dict.fromkeys(each))  # of each of a thousand tokens it is the same
        raise PostError(f"this is not a post ({', '.join(PostInput.model_fields)}): {faults}") from error
    if checked["image"] is not None:
        image = as_reference(checked["image"])
        checked["image"] = store_inline(image) if scheme_of(image) == "data" or not _is_text(image) else image
    return checked


def _is_text(name: str) -> bool:
    """Return whether a file's name can stand in a result: on Linux, a name may be of any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_context(context: Any) -> Context | None:
    """Check a run's settings: a `Context`, a dict of its fields, or None for the defaults.

    Raises:
        SettingsError: it is neither, or a dict that is no context.
    """
    if context is None or isinstance(context, Context):
        return context
    if not isinstance(context, Mapping):
        kind = type(context).__name__  # its words may hold a key: it may be of another graph
        raise SettingsError(f"context: a unco.context.Context or a dict of its settings is wanted, not a {kind}")
    return read_context(context)


def read_context(given: Mapping[str, Any]) -> Context:
    """Make a context of a dict.

    Raises:
        SettingsError: names what `Context` has not, and what it has; or says which value is wrong.
    """
    known = [field.name for field in fields(Context)]
    if unknown := sorted(map(str, given.keys() - set(known))):
        raise SettingsError(f"unknown setting {', '.join(unknown)}: there is {', '.join(known)}")
    return Context(**given)


def with_choices(config: RunnableConfig | None, context: Context | None) -> RunnableConfig | None:
    """Add the context's choices to the config's metadata, so that a trace shows them."""
    if context is None:
        return config
    defaults = vars(Context())
    chosen = {name: value for name, value in vars(context).items() if value != defaults[name]}
    if chosen.get("labels"):  # a trace holds plain values
        chosen["labels"] = [label.name for label in chosen["labels"]]
    base: RunnableConfig = config or {}
    return {**base, "metadata": {**chosen, **(base.get("metadata") or {})}}


def without_saver(config: RunnableConfig | None) -> RunnableConfig:
    """Take the checkpointer of the graph around from a run that none shall keep, for its nodes read there who does."""
    base: RunnableConfig = config or {}
    return {**base, "configurable": {**ensure_config(config)["configurable"], _SAVER: None}}
