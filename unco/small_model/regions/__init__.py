"""Candidate regions of a picture: from detectors, from region files, or simulated from gold boxes."""
