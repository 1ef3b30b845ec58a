"""Reproduce the paper's tables and figures: the published numbers beside those measured here."""
