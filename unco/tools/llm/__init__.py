"""The way to a multimodal LLM behind an OpenAI-compatible endpoint, one concern a file."""
