"""Reads how probable the tokens of a reply were; live, batch and recorded replies are read by it."""

from collections.abc import Mapping
from math import exp, isfinite
from typing import Any

TokenLogs = tuple[tuple[int, float], ...]
"""For each token of a reply, where it ends in the text's UTF-8 bytes, and its log-probability (at most 0)."""


def token_logs(choice: Mapping[Any, Any], text: str) -> TokenLogs:
    """Read the `logprobs` of a choice of a chat completion; empty where they are not those of this text.

    Servers may add tokens that the text does not show, at its end or before it, such as those of the template.

    Args:
        choice: as the endpoint sent it; of any shape.
        text: the reply's.
    """
    try:
        tokens = [(_bytes_of(item), float(item["logprob"])) for item in choice["logprobs"]["content"]]
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return ()
    spelt, wanted = b"".join(token for token, _ in tokens), text.encode("utf-8", "replace")
    start = spelt.find(wanted)
    if not wanted or start < 0 or not all(isfinite(log) for _, log in tokens):
        return ()
    found, end = list[tuple[int, float]](), -start
    for token, log in tokens:
        end += len(token)
        if 0 < end < len(wanted) + len(token):
            found.append((min(end, len(wanted)), min(0.0, log)))
    return tuple(found)


def _bytes_of(item: Mapping[str, Any]) -> bytes:
    """Return a token's bytes: a letter may be spread over several tokens, whose texts are then no letters."""
    return bytes(item["bytes"]) if item.get("bytes") is not None else str(item["token"]).encode("utf-8", "replace")


def stored_logs(stored: Any, text: str) -> TokenLogs:
    """Read them from a cache or a recording; empty where they cannot be.

    Args:
        stored: pairs, as plain JSON.
        text: the reply's.
    """
    try:
        logs = tuple((int(end), float(log)) for end, log in stored)
    except (TypeError, ValueError, OverflowError):
        return ()
    ends = [end for end, _ in logs]
    sound = ends == sorted(ends) and all(isfinite(log) and log <= 0 for _, log in logs)
    return logs if sound and (not ends or 0 <= ends[0] and ends[-1] <= len(text.encode("utf-8", "replace"))) else ()


def probability(logs: TokenLogs, text: str, start: int, stop: int, mean: bool) -> float | None:
    """Compute how probable a part of a reply was: that of all its tokens together, or their geometric mean.

    Args:
        logs: of the reply's tokens.
        text: the reply's.
        start: of the part, in characters of the text.
        stop: after the part.
        mean: for parts of many tokens, such as boxes, whose product says more of their number than of the answer.

    Returns:
        In [0, 1]; None = not known.
    """
    first, last = (len(text[:place].encode("utf-8", "replace")) for place in (start, stop))
    inside, begin = list[float](), 0
    for end, log in logs:
        if begin < last and end > first:
            inside.append(log)
        begin = end
    if not inside or begin < last:
        return None
    return exp(sum(inside) / (len(inside) if mean else 1))
