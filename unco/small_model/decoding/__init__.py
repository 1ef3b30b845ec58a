"""How a post is decoded: the target language, both heads' distributions, drafts, and the greedy search."""
