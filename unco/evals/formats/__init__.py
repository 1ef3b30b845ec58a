"""File formats of gold posts and predictions: one format per module, each read and written without loss."""
