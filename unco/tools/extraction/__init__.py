"""Stage 1 as a tool: the small model, or saved predictions; with the thresholds of a policy, if one is given."""
