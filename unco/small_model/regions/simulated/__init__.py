"""Candidate regions simulated from gold boxes, for training and scoring without the pictures themselves."""
