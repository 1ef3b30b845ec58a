"""Settings of a run: the context's choices, else the defaults, checked before anything is read or paid for."""

from dataclasses import replace
from typing import get_args

from langgraph.runtime import get_runtime

from unco.context import Context, Mode
from unco.errors import SettingsError
from unco.prompts import Prompt, PromptName, load_prompt
from unco.tools.box_frames.families import frame_for
from unco.tools.box_frames.frame import Frame, frame_by_name, with_longest_side
from unco.tools.box_frames.saved import saved_frame
from unco.tools.llm.checks.sendable import clean_model
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search


def current_context() -> Context:
    """Return the run's context; the defaults where there is none, or that of a graph around this one."""
    return own_context(get_runtime(Context).context)


def own_context(given: object) -> Context:
    """Return a context of ours as it is, else the defaults: a graph around may have settings of its own."""
    return given if isinstance(given, Context) else Context()


def current_mode(context: Context, llm: Mllm) -> Mode:
    """Return the context's mode, else `live` when there is an endpoint and a model to ask, and `off` when not."""
    return context.mode or ("live" if can_be_asked(context, llm) else "off")


def can_be_asked(context: Context, llm: Mllm) -> bool:
    """Return whether there is an endpoint, and a model by its own name or by the context's."""
    return bool(llm.base_url and current_model(context, llm))


def current_model(context: Context, llm: Mllm) -> str:
    """Return the context's MLLM, else the configured one; empty when there is none.

    Raises:
        SettingsError: the context's holds what cannot be sent.
    """
    return clean_model(context.model) or llm.model or ""


def chain_of(context: Context, llm: Mllm) -> list[tuple[Mllm, Context]]:
    """Return the models to ask, in order, each with its context: a box frame that is named is the first model's.

    A model that the context names is asked alone.
    """
    if context.model is not None:
        named = (model for model in (llm, *llm.fallbacks) if model.model == context.model)
        return [(next(named, llm), context)]
    return [(llm, context), *((fallback, replace(context, frame=None)) for fallback in llm.fallbacks)]


def current_frame(context: Context, llm: Mllm) -> Frame:
    """Return the context's box frame, else the configured model's, else a probe's, else the model family's.

    Raises:
        SettingsError: no such frame, or a model of unknown family.
    """
    name = _named_frame(context, llm)
    frame = frame_by_name(name) if name else frame_for(current_model(context, llm))
    return with_longest_side(frame, llm.terms.privacy.longest_side)


def _named_frame(context: Context, llm: Mllm) -> str | None:
    model = current_model(context, llm)
    return context.frame or (llm.frame if model == llm.model else None) or saved_frame(llm.base_url, model)


def frame_for_post(context: Context, llm: Mllm, has_picture: bool) -> Frame | None:
    """Return the box frame as `current_frame` does; None where none is known and the post has no picture to need one.

    Raises:
        SettingsError: no such frame; or, for a post with a picture, a model of unknown family.
    """
    try:
        return current_frame(context, llm)
    except SettingsError:
        if has_picture or _named_frame(context, llm):
            raise
        return None


def check_settings(context: Context, llm: Mllm, knowledge: Search | None = None, has_picture: bool = True) -> None:
    """Refuse prompt versions and box frames that do not exist, and what needs a file that is not set.

    Args:
        context: the run's choices.
        llm: the chain of models.
        knowledge: where facts are looked up; None = nowhere.
        has_picture: whether the post has one; each model then needs a box frame, in which it is sent and asked about.

    Raises:
        SettingsError: says which there are, or what to set.
        DataError: the recording is missing, or broken.
        SetupError: it cannot be written.
    """
    mode = current_mode(context, llm)
    if mode in ("record", "replay") and llm.recording is None:
        raise SettingsError(f"mode {mode} needs a recording: set UNCO_RECORDING to the path of its file")
    if mode in ("record", "replay") and not current_model(context, llm):
        raise SettingsError(f"mode {mode} needs the model's name: set UNCO_LLM_MODEL, or the context's model")
    for name in get_args(PromptName):
        prompt = load_prompt(name, context.prompt_version(name))
        if prompt.uses("facts"):
            _check_knowledge(prompt, knowledge, mode)
    if context.frame is not None:
        frame_by_name(context.frame)
    for model, model_context in chain_of(context, llm):
        if mode != "off" and current_model(model_context, model):
            frame_for_post(model_context, model, has_picture)
    if mode in ("record", "replay") and llm.recording is not None:
        llm.recording.check(mode)


def _check_knowledge(prompt: Prompt, knowledge: Search | None, mode: Mode) -> None:
    if knowledge is None:
        raise SettingsError(
            f"prompt {prompt.id} quotes facts: set UNCO_KB to a file made with `unco kb build`, "
            "or UNCO_SEARCH to the address of an MCP server with a search tool"
        )
    knowledge.check(mode)
