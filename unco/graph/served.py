"""The default graph for LangGraph's server, which needs a module-level name (`langgraph.json`)."""

from unco.graph import default_graph

graph = default_graph()
