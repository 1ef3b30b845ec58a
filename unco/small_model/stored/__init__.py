"""The network of a checkpoint: its weights on disk, and the two ways to run it, NumPy and torch."""
