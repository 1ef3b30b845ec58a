"""JSON Schemas of the answers, for endpoints that can hold a model to one (`response_format`, `json_schema`, `strict`).

Written in the strict dialect: every object closed, every key required, what may be missing is null instead. The
reasoning comes first, so that the model thinks before it decides. What is read stays more tolerant: see `answers`.
"""

from typing import Any

from unco.prompts.answers import AnswerName

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_BOX: Schema = {
    "anyOf": [{"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}, {"type": "null"}],
}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_PROPERTIES: dict[AnswerName, dict[str, Schema]] = {
    "span": {"corrected_entity": _TEXT},
    "type": {"corrected_type": _TEXT},
    "region": {"corrected_bounding_box": _BOX},
    "candidate": {"candidate": {"type": ["integer", "null"]}, "corrected_bounding_box": _BOX},
    "one_shot": {"corrected_entity": _TEXT, "corrected_type": _TEXT, "corrected_bounding_box": _BOX},
    "entities": {
        "entities": {"type": "array", "items": _closed({"entity": _TEXT, "type": _TEXT, "bounding_box": _BOX})},
    },
}


def response_schema(answer: AnswerName, reasoning: bool = True) -> Schema:
    """JSON Schema of a kind of answer.

    Args:
        answer: see `AnswerName`.
        reasoning: whether the answer begins with `reasoning_process`; False for prompts without a chain of thought.
    """
    first = {"reasoning_process": _TEXT} if reasoning else {}
    return _closed(first | _PROPERTIES[answer])
