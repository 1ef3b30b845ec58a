"""Fit to a trained network what it learns from dev, or from text alone: doubts, and where a text begins."""
