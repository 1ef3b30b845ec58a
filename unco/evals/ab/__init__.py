"""Variants of the paper side by side: real posts, the real small model, a simulated MLLM, real calls over HTTP."""
