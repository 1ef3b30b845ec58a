"""Corpus runs: posts are read one after another, run concurrently, written in order, and resumed after a break."""
