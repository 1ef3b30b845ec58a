"""A/B comparisons: arms that differ in prompt, threshold, model or variant, run on the same posts."""
