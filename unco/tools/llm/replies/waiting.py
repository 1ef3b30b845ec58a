"""Reads from an error's body when it may be asked again, where no header says so.

Source: google.rpc.RetryInfo (`retryDelay`, Gemini and Vertex), `estimated_time` (Hugging Face), and the sentences of
OpenAI, Groq, Azure, Moonshot: "Please try again in 1m2.5s", "Please retry after 26 seconds".
"""

import re
from collections.abc import Iterator

from unco.tools.llm.replies.reason import reason_in

_UNITS = {"ms": 0.001, "milliseconds": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_AMOUNT = r"\d{1,7}(?:\.\d{1,9})?\s*(?:ms|milliseconds?|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?)(?![a-z])"
_AGAIN = re.compile(
    rf"(?:try|retry|please request)(?:ing)?(?: again)?(?: in| after)\s*((?:{_AMOUNT}[\s,]*){{1,3}})", re.IGNORECASE
)
_ONE = re.compile(r"(\d+(?:\.\d+)?)\s*(milliseconds|ms|s|m|h)", re.IGNORECASE)
_DELAY = re.compile(r"(\d{1,7}(?:\.\d{1,9})?)s")


def seconds_in(body: object) -> float | None:
    """Return the seconds after which an error wants to be asked again; None = it does not say."""
    named = [seconds for seconds in _named(body, 6)]
    if named:
        return max(named)
    said = _AGAIN.search(reason_in(body))
    if said is None:
        return None
    return sum(float(amount) * _UNITS[unit.lower()] for amount, unit in _ONE.findall(said[1]))


def _named(body: object, depth: int) -> Iterator[float]:
    """Yield the seconds of fields that hold nothing else."""
    if isinstance(body, dict):
        delay, estimate = body.get("retryDelay"), body.get("estimated_time")
        if isinstance(delay, str) and (found := _DELAY.fullmatch(delay.strip())):
            yield float(found[1])
        if isinstance(estimate, int | float) and estimate is not True and 0 < estimate < 1e6:
            yield float(estimate)
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for value in inner if depth else ():
        yield from _named(value, depth - 1)
