"""Candidate regions of a picture: detectors, files of features, and regions simulated from gold boxes."""
