"""The way to a multimodal LLM behind an OpenAI-compatible endpoint, one concern a file; `Mllm` is the door."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unco.tools.llm.client import Mllm

__all__ = ["Mllm"]


def __getattr__(name: str) -> Any:
    """Load the client when it is first used: importing a part of this room must not load the others."""
    if name == "Mllm":
        from unco.tools.llm.client import Mllm

        return Mllm
    raise AttributeError(f"module 'unco.tools.llm' has no attribute {name!r}")
