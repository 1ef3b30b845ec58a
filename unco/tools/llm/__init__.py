"""Client of a multimodal LLM behind an OpenAI-compatible endpoint, one concern per file."""
