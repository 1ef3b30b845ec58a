"""Tools that the nodes use: the small model, the MLLM client with cache and recordings, pictures, box frames."""
