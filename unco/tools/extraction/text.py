"""Tokenization of a post's text, and the surface form of a span in the caller's own text."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from unco.errors import PostError
from unco.small_model.words import split_words
from unco.types import Entity, Span

MOST_WORDS = 20_000
"""Longest post that is accepted."""

MOST_CHARACTERS = 50 * MOST_WORDS
"""Of a longer text the words are not even counted: it would take many times its own memory."""


_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""What bytes that are no UTF-8 become on a command line; no tokenizer and no JSON file takes it."""


def read_text(text: str | tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Split a text into tokens; returns text, tokens, and each token's (start, stop) characters.

    A list of tokens is joined by single spaces. A token may be any non-empty string: some data sets hold tokens that
    are nothing but a zero-width character.

    Raises:
        PostError: nothing to read, a token that is empty or has a blank in it, half a character, or more words than a
            post has.
    """
    if (size := len(text) if isinstance(text, str) else sum(map(len, text))) > MOST_CHARACTERS:
        raise PostError(f"the text has {size} characters, at most {MOST_CHARACTERS} are read: hand it in in parts")
    if isinstance(text, str):
        tokens, offsets = split_words(text)
        whole = text
    else:
        tokens, whole = text, " ".join(text)
        stops = list(accumulate(len(token) + 1 for token in text))
        offsets = tuple((stop - 1 - len(token), stop - 1) for token, stop in zip(text, stops, strict=True))
    if not tokens or not whole.strip():
        raise PostError("the text has no words: hand in a post's text, or its tokens")
    if not all(tokens):
        raise PostError(f"token {tokens.index('')} is empty: leave it out")
    if not isinstance(text, str) and (several := next((token for token in tokens if len(token.split()) > 1), "")):
        raise PostError(
            f"the token {several[:40]!r} has a blank in it: a list holds the tokens of one post; "
            "for several posts there is unco.extract_many(posts)"
        )
    if len(tokens) > MOST_WORDS:
        raise PostError(f"the text has {len(tokens)} words, at most {MOST_WORDS} are read: hand it in in parts")
    if (half := _LONE_SURROGATE.search(whole)) is not None:
        raise PostError(f"character {half.start()} of the text is half a surrogate pair: give valid Unicode")
    return whole, tokens, offsets


def with_span(entity: Entity, span: Span, text: str, offsets: Sequence[tuple[int, int]]) -> Entity:
    """Move an entity to another span, and update its surface form and characters."""
    return replace(
        entity,
        span=span,
        text=surface(text, offsets, span),
        start_char=offsets[span.start][0],
        stop_char=offsets[span.stop - 1][1],
    )


def surface(text: str, offsets: Sequence[tuple[int, int]], span: Span) -> str:
    """Return the surface form of a span, as the caller wrote it."""
    return text[offsets[span.start][0] : offsets[span.stop - 1][1]]
