"""Reads text that came whole or in parts."""

import json

_THOUGHTS = frozenset({"thinking", "redacted_thinking", "reasoning", "reasoning_text", "thought"})
"""Types of parts that hold what a model thought: Mistral, Claude, Databricks, Amazon Bedrock."""


def joined_text(content: object) -> str:
    """Join text that came whole, in parts, or in parts of parts; what the model thought is left out."""
    match content:
        case str():
            return content
        case {"type": str(kind)} if kind in _THOUGHTS:
            return ""
        case {"thought": True}:  # Gemini's own parts
            return ""
        case {"text": text} | {"content": text} | {"value": text}:
            return joined_text(text)
        case [*parts]:
            return "".join(map(joined_text, parts))
        case {**fields} if fields and "type" not in fields:  # the answer itself, which a server has parsed
            return json.dumps(fields)
    return ""
