"""Parses the text of a reply into an answer, or raises a fault that can be quoted back to the model.

Strict JSON first, then what stands in a code fence, then `json_repair`. The repairer is never trusted with a text that
breaks off: it would close the string and pass half a name as a whole one.
"""

import json
import re
from collections.abc import Callable, Iterator

import json_repair
from pydantic import ValidationError

from unco.errors import ReplyError
from unco.prompts.specs import Answer, AnswerName, answer_type

REPAIR_MAX_CHARS = 10_000
"""Longest text that is repaired, thinking aside: the repairer's time can grow with the square of the length."""

_CUT_OFF = "the answer was cut off before its end; be shorter"
_THINK = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)


def parse_answer(text: str, finish_reason: str | None, answer: AnswerName) -> Answer:
    """Parse a reply. Of several answers in one reply, the last readable one counts.

    Args:
        text: the reply's text, as it came.
        finish_reason: as the endpoint gave it; `length` means that the text is cut off, so only a whole object
            counts.
        answer: the kind that it should be of; what comes back is of that kind's class.

    Raises:
        ReplyError: for any text that is not such an answer; nothing else is ever raised.
    """
    cut = finish_reason == "length"
    text = _without_thinking(text.strip())
    if not text:
        raise ReplyError(_CUT_OFF if cut else "the answer was empty")
    if "{" not in text:
        raise ReplyError(_CUT_OFF if cut else "there was no JSON object in the answer")
    fault = "no JSON object could be read in the answer"
    for objects in _parse_tolerantly(text, answer, cut):
        for candidate in reversed(objects):
            try:
                return answer_type(answer).model_validate(candidate)
            except ValidationError as error:
                fault = _describe(error)
            except (RecursionError, OverflowError):
                fault = "the JSON object is nested too deeply, or a number in it is too large"
    raise ReplyError(fault)


def _without_thinking(text: str) -> str:
    """Cut off the model's thinking. A reply that begins with its object has no thinking before it."""
    if text.startswith("{"):
        return text
    # Some chat templates put the opening <think> into the prompt; then only its end is seen.
    return _THINK.sub("", text).rpartition("</think>")[2].strip()


def _parse_tolerantly(text: str, answer: AnswerName, cut: bool) -> Iterator[list[dict[str, object]]]:
    """Yield the objects in a text, parsed in three ways from strict to tolerant.

    A model that is held to a grammar may write a whole object and then blanks up to its limit: what parses strictly is
    whole though the reply was cut off.
    """
    fenced = [block.strip() for block in _FENCE.findall(text)]
    yield _objects(json.loads, text)
    yield [found for block in fenced for found in _objects(json.loads, block)]
    if cut:
        raise ReplyError(_CUT_OFF)
    if _breaks_off(text, answer):
        raise ReplyError("the JSON object breaks off before its closing brace")
    if len(text) > REPAIR_MAX_CHARS:
        raise ReplyError("the answer is long and not valid JSON; give the JSON object only")
    yield [found for found in _objects(json_repair.loads, text) if not _invented_null(found, text)]


def _breaks_off(text: str, answer: AnswerName) -> bool:
    """Return whether no brace closes after the last key; for a list, whether anything stays open."""
    if answer == "entities":
        return text.count("{") > text.count("}") or text.count("[") > text.count("]")
    last = max(text.rfind("corrected_"), text.rfind("candidate") if answer == "candidate" else 0, 0)
    return text.find("}", last) < 0


def _objects(parse: Callable[[str], object], text: str) -> list[dict[str, object]]:
    """Parse a text and return its JSON objects, the outermost ones only."""
    try:
        found = parse(text)
    # The repairer guesses at arbitrary text, and what it raises is nowhere promised; here it means "unreadable".
    except Exception:
        return []
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]


def _invented_null(found: dict[str, object], text: str) -> bool:
    """Return whether an empty box or list is the repairer's, made of something like `[ }`, not the model's own."""
    items = found.get("entities")
    inner = [item.get("bounding_box") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    empty = [] in (found.get("corrected_bounding_box"), items, *inner)
    return empty and not re.search(r"\[\s*\]", text)


def _describe(error: ValidationError) -> str:
    """Describe a validation error for the model: which key, and what is wrong with it."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'answer'}: {fault['msg']}" for fault in faults)[:300]
