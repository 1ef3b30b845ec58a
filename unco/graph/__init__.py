"""The state machine: `routes` decides where a post goes; `entity`, `post` and `variants` wire the nodes.

`graph` is the default graph, made when it is first used: from then on its endpoint and policy are those that the
environment named at that moment, until `reset`.
"""

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unco.environment import environment
from unco.graph.post import PostGraph, build_graph
from unco.graph.variants import build_variant
from unco.small_model.fingerprint import fingerprint_of
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.policy import read_policy
from unco.tools.extraction.policy_extractor import PolicyExtractor
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.tools.llm_settings import mllm_from_env
from unco.tools.memory.file import store_from_env
from unco.tools.search_settings import search_from_env

if TYPE_CHECKING:
    graph: PostGraph
    """The default graph."""

__all__ = ["PostGraph", "build_graph", "build_variant", "default_graph", "reset"]


@cache
def default_graph(
    checkpoint: str | None = None,
    scheme: str | None = None,
    estimator: str | None = None,
    variant: str = "unco",
    policy: str | None = None,
    detector: str | None = None,
    region_files: str | None = None,
) -> PostGraph:
    """Build a graph for a checkpoint and the endpoint that the environment names; no model is loaded yet.

    Args:
        checkpoint: folder or name on the Hugging Face hub; None = the shipped one.
        scheme: types in which entities are given out, of the checkpoint's: gmner (4), fmnerg (51) or fmnerg_coarse (8)
            of the shipped one; None = its first choice, gmner.
        estimator: of uncertainty, of the checkpoint's: mc_decoder is the paper's; None = its first choice.
        variant: of the paper, see `unco.graph.variants`.
        policy: file of `unco tune` whose thresholds replace the checkpoint's; None = the one that `UNCO_POLICY` names,
            else none.
        detector: of people and things, as of `default_extractor`; None = the one that `UNCO_DETECTOR` names, else none.
        region_files: as of `default_extractor`.

    Raises:
        SettingsError: the policy or the settings file cannot be read.
        SetupError: the detector needs a package that is not installed, or the file of memories cannot be opened.
    """
    extractor: Extractor = default_extractor(
        None, checkpoint, scheme, estimator, detector=detector, region_files=region_files
    )
    if chosen := policy or environment().policy:
        identify = partial(fingerprint_of, checkpoint, scheme, estimator)
        extractor = PolicyExtractor(extractor, read_policy(Path(chosen)), identify)
    llm = mllm_from_env()
    built = build_variant(variant, small_model_tool(extractor), llm, search_from_env(llm), store_from_env())
    return built.with_config(metadata={"policy": Path(chosen).name}) if chosen else built


def reset() -> None:
    """Forget the default graphs, so that the next use reads the environment anew."""
    default_graph.cache_clear()
    globals().pop("graph", None)  # where a test put one of its own in its place


def __getattr__(name: str) -> Any:
    """Make `graph` when it is first used: an import must not read settings that may be set after it."""
    if name == "graph":
        return default_graph()
    raise AttributeError(f"module 'unco.graph' has no attribute {name!r}")
