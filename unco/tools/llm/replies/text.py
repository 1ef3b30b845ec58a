"""Reads text that came whole or in parts."""

import json


def joined_text(content: object) -> str:
    """Join text that came whole, in parts, or in parts of parts."""
    match content:
        case str():
            return content
        case {"text": text} | {"content": text} | {"value": text}:
            return joined_text(text)
        case [*parts]:
            return "".join(map(joined_text, parts))
        case {**fields} if fields and "type" not in fields:  # the answer itself, which a server has parsed
            return json.dumps(fields)
    return ""
