"""Parses the text of a reply into an answer, or raises a fault that can be quoted back to the model.

Strict JSON first, then what stands in a code fence, then `json_repair`. The repairer is never trusted with a text that
breaks off: it would close the string and pass half a name as a whole one.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

import json_repair
from pydantic import ValidationError

from unco.errors import ReplyError
from unco.prompts.box_notations import tagged_box
from unco.prompts.named_lines import REASONING, named_values
from unco.prompts.other_names import BOX_KEYS, LIST_KEYS, NAMES_IN_LISTS, boxes_of, squashed
from unco.prompts.specs import Answer, AnswerName, answer_type
from unco.prompts.thoughts import without_thoughts

_OF_A_BOX: frozenset[AnswerName] = frozenset({"region", "candidate", "look"})
"""Answers whose value is one box."""

_NOT_WRITTEN = frozenset({REASONING, "named_corners", "location_tokens", "entities"})
"""Fields of answers that no line alone can hold, or that are ours."""

REPAIR_MAX_CHARS = 10_000
"""Longest text that is repaired, thinking aside: the repairer's time can grow with the square of the length."""

_WHOLE = frozenset({"stop", "end_turn", "eos", "eos_token", "stop_sequence", "tool_calls", "function_call", "complete"})
"""Reasons to finish that say that nothing is missing, in small letters."""

FILTERED = frozenset(
    {"content_filter", "content_filtered", "sensitive", "safety", "refusal", "recitation", "prohibited_content"}
    | {"blocklist", "spii", "image_safety", "guardrail_intervened"}
)
"""Reasons to finish that name a filter, in small letters: Azure, Zhipu, Gemini, Anthropic, Amazon Bedrock."""

_CUT_OFF = "the answer was cut off before its end; be shorter"
_BOX = "corrected_bounding_box"
_QUOTED = re.compile(r"[\"']([^\"'\n]{1,40})[\"']\s*:")
_NAMED = re.compile(r"corrected(?:\\?_|[ -])\w{1,30}[\"'`*]{0,9}\s*[:：=]", re.IGNORECASE)
"""A key of ours with a value."""

_LISTED = re.compile(r"\}\s*,\s*\{")
"""Between the items of a list; one object after another is parted by blanks or words."""

_FENCE = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)

_PLACEHOLDER = re.compile(r"(?<=:)\s*<\s*(null|\d+)\s*>(?=\s*[,}])")
"""A value in the brackets in which the prompts say what is wanted there; the repairer would take it for words."""


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
    try:
        return _read(without_thoughts(text.strip()), finish_reason, answer)
    except ReplyError as fault:
        if str(finish_reason).lower() not in FILTERED:
            raise
        raise ReplyError(f"the endpoint's filter ended the answer ({finish_reason}); {fault}"[:300]) from None


def _read(text: str, finish_reason: str | None, answer: AnswerName) -> Answer:
    """Read a reply without the model's thoughts; raises as `parse_answer` does."""
    cut = finish_reason == "length"
    if not text:
        raise ReplyError(_CUT_OFF if cut else "the answer was empty")
    if "{" not in text:
        return _without_braces(text, answer, cut or str(finish_reason).lower() not in _WHOLE)
    fault = "no JSON object could be read in the answer"
    for objects in _parse_tolerantly(text, answer, cut):
        for candidate in reversed(objects):
            try:
                return _checked(answer_type(answer).model_validate(candidate), objects, text)
            except ValidationError as error:
                fault = _describe(error)
            except (RecursionError, OverflowError):
                fault = "the JSON object is nested too deeply, or a number in it is too large"
    raise ReplyError(fault)


def _checked(found: Answer, objects: Sequence[dict[str, object]], text: str) -> Answer:
    """Return the last answer of a text, unless it is one of a list: then all must say the same.

    A model corrects itself in one object after another, and the last one counts. In a list it answers for other
    entities, too, and which item is meant would be a guess.

    Raises:
        ReplyError: the items differ.
    """
    items = objects if len(objects) > 1 and _is_list(text) else _detections(text)
    said = {answer.model_dump_json(exclude={REASONING}) for answer in _readable(type(found), items)}
    if len(said) > 1:
        raise ReplyError(f"one answer is asked for, and there are {len(said)} that differ")
    return found


def _is_list(text: str) -> bool:
    """Return whether a comma alone parts two objects of a text; within what is no strict JSON, any objects."""
    places = [(start, end) for _, start, end in _scanned(text)]
    if len(places) < 2:
        return bool(_LISTED.search(text))
    return any(text[end:start].strip() == "," for (_, end), (start, _) in pairwise(places))


def _readable(kind: type[Answer], objects: Iterable[dict[str, object]]) -> Iterator[Answer]:
    for item in objects:
        with suppress(ValidationError, RecursionError, OverflowError):
            yield kind.model_validate(item)


def _detections(text: str) -> list[dict[str, object]]:
    """Return the objects that hold a box, in a text without our own keys: a detector's, one for each thing it sees."""
    return [] if "corrected_" in text.lower() else [found for found, _, _ in _scanned(text) if boxes_of(found)]


def _scanned(text: str) -> Iterator[tuple[dict[str, object], int, int]]:
    """Yield the objects of a text, wherever they stand, the outermost ones only; each with its place."""
    end, decoder = 0, json.JSONDecoder(object_pairs_hook=_without_doubles)
    for brace in re.finditer(r"\{", text):
        if brace.start() >= end:
            with suppress(ValueError, RecursionError):
                found, end = decoder.raw_decode(text, brace.start())
                yield found, brace.start(), end


def _without_braces(text: str, answer: AnswerName, cut: bool) -> Answer:
    """Read a reply that is no JSON, but names its keys line by line or in tags; or one box in a family's own tags.

    Nothing closes the last line, so that keys count only where the reply is known to be whole.

    Raises:
        ReplyError: there are neither, they hold no such answer, or it is about more than a box.
    """
    keys = answer_type(answer).model_fields.keys() - _NOT_WRITTEN
    try:
        tagged = tagged_box(text) if answer in _OF_A_BOX else None
        if not cut and len(text) <= REPAIR_MAX_CHARS and (named := named_values(text, keys)):
            return answer_type(answer).model_validate(named)
        if tagged is not None:
            return answer_type(answer).model_validate({_BOX: text})
    except ValueError as error:  # pydantic's too
        raise ReplyError(_describe(error) if isinstance(error, ValidationError) else str(error)) from error
    raise ReplyError(_CUT_OFF if cut else "there was no JSON object in the answer")


def _parse_tolerantly(text: str, answer: AnswerName, cut: bool) -> Iterator[list[dict[str, object]]]:
    """Yield the objects in a text, parsed in three ways from strict to tolerant, and what stands behind other braces.

    A model that is held to a grammar may write a whole object and then blanks up to its limit: what parses strictly is
    whole though the reply was cut off.
    """
    fenced = [block.strip() for block in _FENCE.findall(text)]
    yield _objects(_strictly, text, answer)
    yield [found for block in fenced for found in _objects(_strictly, block, answer)]
    if cut:
        raise ReplyError(_CUT_OFF)
    yield _alone(text)
    if _breaks_off(text, answer):
        raise ReplyError("the JSON object breaks off before its closing brace")
    if len(text) > REPAIR_MAX_CHARS:
        raise ReplyError("the answer is long and not valid JSON; give the JSON object only")
    text = _PLACEHOLDER.sub(r"\1", text)
    yield [found for found in _objects(json_repair.loads, text, answer) if not _invented_null(found, text)]
    yield _at_the_end(text, answer)


def _alone(text: str) -> list[dict[str, object]]:
    """Return the one object of a text whose other words hold no brace and give no key a value."""
    begin = text.find("{")
    with suppress(ValueError, RecursionError):
        found, end = json.JSONDecoder(object_pairs_hook=_without_doubles).raw_decode(text, begin)
        around = text[:begin] + text[end:]
        return [] if "{" in around or "[" in text[:begin] or _NAMED.search(around) else [found]
    return []


def _breaks_off(text: str, answer: AnswerName) -> bool:
    """Return whether no brace closes after the last key; for a list, whether anything stays open."""
    if answer == "entities":
        return text.count("{") > text.count("}") or text.count("[") > text.count("]")
    boxes = [match.start() for match in _QUOTED.finditer(text) if squashed(match[1]) in {**BOX_KEYS, **LIST_KEYS}]
    candidate = text.rfind("candidate") if answer in ("candidate", "look") else 0
    last = max(text.rfind("corrected_"), candidate, *boxes[-1:], 0)
    return text.find("}", last) < 0


def _strictly(text: str) -> object:
    return json.loads(text, object_pairs_hook=_without_doubles)


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object; one key of ours with two values, in whatever spelling, is no answer.

    Raises:
        ReplyError: there is one.
    """
    ours: dict[str, object] = {}
    for key, value in pairs:
        if (name := squashed(key)).startswith("corrected") and ours.setdefault(name, value) != value:
            named = re.sub(r"[^\w ]+", "?", key[:40], flags=re.ASCII)
            raise ReplyError(f"{named} stands twice in the answer, with two values")
    return dict(pairs)


def _objects(parse: Callable[[str], object], text: str, answer: AnswerName) -> list[dict[str, object]]:
    """Parse a text and return its JSON objects, the outermost ones only; boxes in a list of their own are one."""
    try:
        found = parse(text)
        if isinstance(found, str):  # JSON that was written as a text in JSON
            found = parse(found)
    except ReplyError:
        raise
    # The repairer guesses at arbitrary text, and what it raises is nowhere promised; here it means "unreadable".
    except Exception:
        return []
    objects = [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]
    if answer == "entities" and text.startswith("[") and objects and all(_is_entity(item) for item in objects):
        return [{"entities": objects}]  # the list itself, without the object around it
    return _as_one_answer(objects) if answer in _OF_A_BOX else objects


def _is_entity(item: dict[str, object]) -> bool:
    return all(not {key, *names}.isdisjoint(item) for key, names in NAMES_IN_LISTS.items())


def _at_the_end(text: str, answer: AnswerName) -> list[dict[str, object]]:
    """Return the answer that a text ends with, where what stands before it has braces, too, as LaTeX and sets do."""
    found, _, end = ([*_scanned(text)] or [({}, 0, 0)])[-1]
    return [] if found.keys().isdisjoint(answer_type(answer).model_fields) or "{" in text[end:] else [found]


def _as_one_answer(objects: list[dict[str, object]]) -> list[dict[str, object]]:
    """Put boxes that stand in several objects, none of them an answer, into one: else the last would count unseen."""
    boxes = [item for item in objects if boxes_of(item)]
    if len(boxes) < 2 or any("corrected_" in str(key).lower() for item in objects for key in item):
        return objects
    return [{_BOX: boxes}]


def _invented_null(found: dict[str, object], text: str) -> bool:
    """Return whether an empty box or list is the repairer's, made of something like `[ }`, not the model's own."""
    return not re.search(r"\[\s*\]", text) and _has_empty_list(found, 0)


def _has_empty_list(value: object, depth: int) -> bool:
    """Return whether an empty list stands under a key that a box or the entities stand under."""
    if depth > 8:
        return False
    if isinstance(value, list):
        return any(_has_empty_list(item, depth + 1) for item in value)
    if not isinstance(value, dict):
        return False
    named = [inner for key, inner in value.items() if squashed(key) in {**BOX_KEYS, **LIST_KEYS, "entities": ""}]
    return [] in named or any(_has_empty_list(inner, depth + 1) for inner in named)


def _describe(error: ValidationError) -> str:
    """Describe a validation error for the model: which key, and what is wrong with it."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'answer'}: {fault['msg']}" for fault in faults)[:300]
