"""What to do about a fault of the settings; never names a variable that is set already."""

from unco.environment import VARIABLES, environment
from unco.tools.llm.client import Mllm


def set_endpoint() -> str:
    """Advise how to set an endpoint, where none is."""
    chosen = environment()
    missing = [VARIABLES[field] for field in ("llm_base_url", "llm_model") if not getattr(chosen, field)]
    return f"set {' and '.join(missing)}" + (", or UNCO_SETTINGS" if len(missing) == 2 else "")


def set_frame(llm: Mllm) -> str:
    """Advise how to set the box frame of a model that has none."""
    probe = f"run `unco probe-frame --model {llm.model}`"
    if environment().settings:
        return f"{probe}, or write its `frame` into the settings file"
    return probe if environment().llm_frame else f"{probe}, or set UNCO_LLM_FRAME"


def look_into_refusal(llm: Mllm, other_names: str) -> str:
    """Advise what to look into when an endpoint refuses a question.

    Args:
        llm: who refused.
        other_names: names of models that it lists instead; empty = it lists the model, or none at all.
    """
    model = f"; or ask for a model that it lists: {other_names}" if other_names else ""
    if llm.has_key:
        return f"look into the endpoint's log; is its key still valid?{model}"
    where = "name its `key` in the settings file" if environment().settings else "set OPENAI_API_KEY"
    return f"look into the endpoint's log; if it needs a key, {where}{model}"


def use_other_cache() -> str:
    """Advise where the cache may lie instead."""
    return "name another folder in it" if environment().cache_dir else "set UNCO_CACHE_DIR to a folder of yours"
