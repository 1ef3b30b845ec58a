"""Scores of a run: against gold, with intervals, for each type, and compared with another run."""
