"""The state machine and nothing else: `routes` decide, `entity`, `post`, `variants` wire, the nodes work."""

from functools import cache

from unco.graph.post import PostGraph, build_graph
from unco.graph.variants import build_variant
from unco.tools.call_settings import mllm_from_env
from unco.tools.knowledge import Knowledge
from unco.tools.small_model import default_extractor, small_model_tool

__all__ = ["PostGraph", "build_graph", "build_variant", "default_graph", "graph"]


@cache
def default_graph(
    checkpoint: str | None = None, scheme: str | None = None, estimator: str | None = None, variant: str = "unco"
) -> PostGraph:
    """A checkpoint and the endpoint that the environment names; nothing is loaded or opened yet.

    Args:
        checkpoint: folder or name on the Hugging Face hub; None = the shipped one.
        scheme: types in which entities are given out, of the checkpoint's: gmner (4), fmnerg (51) or fmnerg_coarse (8)
            of the shipped one; None = its first choice, gmner.
        estimator: of uncertainty, of the checkpoint's: mc_decoder is the paper's; None = its first choice.
        variant: of the paper, see `unco.graph.variants`.
    """
    extractor = default_extractor(checkpoint=checkpoint, scheme=scheme, estimator=estimator)
    return build_variant(variant, small_model_tool(extractor), mllm_from_env(), Knowledge.from_env())


graph: PostGraph = default_graph()
"""The default graph."""
