"""Metrics, one per module, each with its source."""
