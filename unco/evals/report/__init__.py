"""The report of a run: one HTML page with scores, plots, cost, and every post as a card; works offline."""
