"""Formats of posts beside JSON Lines: CoNLL text and tables."""
