"""Write an answer well formed, or malformed in one of the ways that models are known for."""

import json
from collections.abc import Callable
from typing import Any

from unco.evals.simulation.answering import BOX_KEYS, Answer
from unco.evals.simulation.profile import Malformed

Message = tuple[str | None, str]
"""A message's content and its finish reason."""

REFUSAL = "I'm sorry, but I can't help with identifying people or places in this post."


def well_formed(answer: Answer) -> str:
    """Write the JSON object and nothing around it."""
    return json.dumps(answer, ensure_ascii=False)


def malform(answer: Answer, kind: Malformed, y_first: bool) -> Message:
    """Write an answer in a malformed way.

    Args:
        answer: the object as it should be.
        kind: in which way it is malformed.
        y_first: whether its boxes are y first; corners that are named keep their meaning.
    """
    text = well_formed(answer)
    match kind:
        case "fenced":
            return f"```json\n{text}\n```", "stop"
        case "think":
            return f"<think>\nA first idea: {{}}. No, better:\n</think>\n\n{text}", "stop"
        case "single_quotes":
            return str(answer), "stop"
        case "trailing_comma":
            return f"{text[:-1]},}}", "stop"
        case "prose":
            return f"Here is what I found:\n{text}\nLet me know if you need anything else.", "stop"
        case "truncated":
            return text[: max(1, len(text) * 3 // 4)], "length"
        case "empty":
            return "", "stop"
        case "several":
            return f"{well_formed(_first_draft(answer))}\n\nOn second thoughts:\n{text}", "stop"
        case "numbers_as_strings":
            return well_formed(_change_boxes(answer, lambda box: [str(number) for number in box])), "stop"
        case "box_as_string":
            return well_formed(_change_boxes(answer, json.dumps)), "stop"
        case "box_as_dictionary":
            return well_formed(_change_boxes(answer, lambda box: _named_corners(box, y_first))), "stop"
        case "wrong_key":
            return well_formed({key.replace("corrected_", "").upper() + "_1": v for key, v in answer.items()}), "stop"
        case "null_content":
            return None, "stop"


def _first_draft(answer: Answer) -> Answer:
    """Make an earlier draft of an answer, with other values."""
    return {key: None if key in BOX_KEYS else [] if isinstance(v, list) else "?" for key, v in answer.items()}


def _change_boxes(answer: Answer, change: Callable[[list[float]], Any]) -> Answer:
    """Copy an answer with each box changed."""
    changed = dict(answer)
    for key, value in answer.items():
        if key in BOX_KEYS and value is not None:
            changed[key] = change(value)
        elif key == "entities":
            changed[key] = [_change_boxes(entity, change) for entity in value]
    return changed


def _named_corners(box: list[float], y_first: bool) -> dict[str, float]:
    names = ("y1", "x1", "y2", "x2") if y_first else ("x1", "y1", "x2", "y2")
    return dict(zip(names, box, strict=True))
