"""The default graph as LangGraph's server finds it (`langgraph.json`): the server looks a name up, it does not ask."""

from unco.graph import default_graph

graph = default_graph()
