"""Experiments on LangSmith: gold posts as a data set there, and this package's scores as evaluators."""
