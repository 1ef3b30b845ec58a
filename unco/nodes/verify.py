"""Whether a readable answer can be true: the span stands in the post, the type exists, the box lies in the picture."""

from collections.abc import Sequence
from dataclasses import replace

from unco.errors import Rejected
from unco.prompts import RegionAnswer
from unco.small_model.words import INVISIBLE
from unco.tools.frames import Frame, decode, encode
from unco.types import Box, Label, Span

MOST_WORDS_MOVED = 3
"""How far a corrector may move either end of a span. The prompt asks for one or two words; signs count too."""


def verify_span(answer: str, old: Span, tokens: Sequence[str]) -> Span:
    """The run of tokens that an answer names: letter by letter, whitespace aside, near the old span.

    Of several places the nearest to the old span counts. Invisible characters, and then case, may differ only where
    nothing fits exactly.

    Raises:
        Rejected: it does not stand there.
    """
    near = [
        Span(start, stop)
        for start in range(max(0, old.start - MOST_WORDS_MOVED), old.start + MOST_WORDS_MOVED + 1)
        for stop in range(max(start + 1, old.stop - MOST_WORDS_MOVED), old.stop + MOST_WORDS_MOVED + 1)
        if stop <= len(tokens)
    ]
    for read in (_solid, _visible, _caseless):
        fitting = [span for span in near if read("".join(tokens[span.start : span.stop])) == read(answer) != ""]
        if fitting:
            return min(fitting, key=lambda span: abs(span.start - old.start) + abs(span.stop - old.stop))
    raise Rejected(f"{answer!r} does not stand in the post within {MOST_WORDS_MOVED} words of the span")


def verify_type(answer: str, labels: Sequence[Label]) -> str:
    """The label that an answer names, case aside.

    Raises:
        Rejected: there is no such label.
    """
    by_name = {label.name.casefold(): label.name for label in labels}
    name = by_name.get(answer.strip().casefold())
    if name is None:
        raise Rejected(f"{answer!r} is no type: there is {', '.join(by_name.values())}")
    return name


def verify_region(answer: RegionAnswer, old: Box | None, frame: Frame, size: tuple[int, int]) -> Box | None:
    """The box that an answer gives, in pixels of the original picture; None for "not in the picture".

    An answer that repeats the box as it was shown gives the old box itself, without the frame's rounding.

    Raises:
        Rejected: it lies outside the picture or is no box.
    """
    if answer.corrected_bounding_box is None:
        return None
    if answer.named_corners:
        frame = replace(frame, order="xyxy")
    corners = list(answer.corrected_bounding_box)
    if old is not None and corners == encode(old, frame, *size):
        return old
    return decode(corners, frame, *size)


def _solid(text: str) -> str:
    """Without whitespace, which tokens lack."""
    return "".join(text.split())


def _visible(text: str) -> str:
    """Nor invisible characters, which tokens may lack and a model may leave out."""
    return "".join(char for char in _solid(text) if char not in INVISIBLE)


def _caseless(text: str) -> str:
    return _visible(text).casefold()
