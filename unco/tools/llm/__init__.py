"""Client of a multimodal LLM behind an OpenAI-compatible endpoint, one concern per file; `Mllm` is the client."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unco.tools.llm.client import Mllm as Mllm


def __getattr__(name: str) -> Any:
    """Load the client when it is first used: importing one module here must not load the others."""
    if name == "Mllm":
        from unco.tools.llm.client import Mllm

        return Mllm
    raise AttributeError(f"module 'unco.tools.llm' has no attribute {name!r}")
