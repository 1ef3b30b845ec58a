"""A run as one page to look at: scores, plots, cost, and every post as a card; no network, works from disk."""
