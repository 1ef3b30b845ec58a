"""Answers that were paid for once: the store, one call for equal questions, and upkeep."""
