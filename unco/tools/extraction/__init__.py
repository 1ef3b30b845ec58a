"""Stage 1 as a tool: the small model or its saved predictions, and the thresholds of a policy."""
