"""The HTTP service, `unco serve`: tokens and budgets, posts, streams, reviews, metrics, MCP: see docs/serving.md."""
