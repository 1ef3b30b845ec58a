"""Data sets, scores and uncertainty quality."""
