"""The steps of the graph, one a file; a node's name is its function's name."""
