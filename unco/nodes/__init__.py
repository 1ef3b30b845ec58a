"""The nodes of the graphs, one per file."""
