"""The state machine and nothing else: `routes` decide, `entity` and `post` wire, the nodes do the work."""

from unco.graph.post import PostGraph, build_graph
from unco.tools.llm import Mllm
from unco.tools.small_model import default_extractor, small_model_tool

__all__ = ["PostGraph", "build_graph", "graph"]

graph: PostGraph = build_graph(small_model_tool(default_extractor()), Mllm.from_env())
"""The default: the shipped checkpoint, and the endpoint that the environment names. Nothing is loaded or opened yet."""
