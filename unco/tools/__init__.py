"""What the nodes use: the small model as a tool, the MLLM client, its cache and recordings, pictures, box frames."""
