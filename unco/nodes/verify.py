"""Verification of readable answers: the span stands in the post, the type exists, the box is in the picture."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from unco.errors import Rejected
from unco.prompts import CandidateAnswer, RegionAnswer
from unco.small_model.words import INVISIBLE
from unco.tools.box_frames.frame import Frame, decode, encode
from unco.types import Box, Label, Span

MAX_WORDS_MOVED = 3
"""How far a corrector may move either end of a span. The prompt asks for one or two words; punctuation counts too."""

SAME_BOX_IOU = 0.5
"""Least IoU of a box and a candidate, where an answer gives both."""


def verify_span(answer: str, old: Span, tokens: Sequence[str], taken: Sequence[Span] = ()) -> Span:
    """Find the tokens that an answer names: letter by letter, whitespace aside, near the old span.

    Of several places the nearest to the old span counts. Invisible characters, and then case, may differ only where
    nothing fits exactly.

    Args:
        answer: the words.
        old: where they stood before.
        tokens: the post's.
        taken: spans of other entities, of which the words may share no token.

    Raises:
        Rejected: they do not stand there, or are another entity's.
    """
    near = [
        Span(start, stop)
        for start in range(max(0, old.start - MAX_WORDS_MOVED), old.start + MAX_WORDS_MOVED + 1)
        for stop in range(max(start + 1, old.stop - MAX_WORDS_MOVED), old.stop + MAX_WORDS_MOVED + 1)
        if stop <= len(tokens)
    ]
    for normalize in _NORMALIZERS:
        wanted = normalize(answer)
        fitting = [span for span in near if normalize("".join(tokens[span.start : span.stop])) == wanted != ""]
        free = [span for span in fitting if not any(span.overlaps(other) for other in taken)]
        if free:
            return min(free, key=lambda span: abs(span.start - old.start) + abs(span.stop - old.stop))
        if fitting:
            raise Rejected(f"{answer!r} shares words with another entity")
    raise Rejected(f"{answer!r} does not stand in the post within {MAX_WORDS_MOVED} words of the span")


def find_span(words: str, tokens: Sequence[str], taken: Sequence[Span]) -> Span:
    """Find the first tokens that words name, anywhere in the post and free; compared as in `verify_span`.

    Raises:
        Rejected: there is none.
    """
    overlapping = False
    for normalize in _NORMALIZERS:
        for span in _runs(normalize(words), [normalize(token) for token in tokens]):
            if not any(span.overlaps(other) for other in taken):
                return span
            overlapping = True
    if overlapping:
        raise Rejected(f"{words!r} shares words with another entity")
    raise Rejected(f"{words!r} does not stand in the post")


def _runs(words: str, tokens: Sequence[str]) -> Iterator[Span]:
    """Yield the runs of tokens that are just these letters, in order."""
    for start, first in enumerate(tokens):
        if not first or not words.startswith(first):  # a run may not begin with a token that is invisible
            continue
        letters, stop = first, start + 1
        while len(letters) < len(words) and stop < len(tokens) and words.startswith(letters):
            letters, stop = letters + tokens[stop], stop + 1
        if letters == words:
            yield Span(start, stop)


def verify_type(answer: str, labels: Sequence[Label]) -> str:
    """Find the label that an answer names, case aside.

    Raises:
        Rejected: there is no such label.
    """
    by_name = {label.name.casefold(): label.name for label in labels}
    name = by_name.get(answer.strip().casefold())
    if name is None:
        raise Rejected(f"{answer!r} is no type: there is {', '.join(by_name.values())}")
    return name


def verify_region(answer: RegionAnswer, old: Box | None, frame: Frame, size: tuple[int, int]) -> Box | None:
    """Convert an answer's box to pixels of the original picture; None for "not in the picture".

    An answer that repeats the box as it was shown gives the old box itself, without the frame's rounding.

    Raises:
        Rejected: it lies outside the picture or is no box.
    """
    if answer.corrected_bounding_box is None:
        return None
    return read_box(answer.corrected_bounding_box, answer.named_corners, frame, size, old)


def verify_candidate(
    answer: CandidateAnswer, old: Box | None, frame: Frame, size: tuple[int, int], candidates: Sequence[Box]
) -> Box | None:
    """Convert an answer's box, as `verify_region`, or take the candidate that it names by number.

    Raises:
        Rejected: there is no such candidate, or the answer gives a number and another box.
    """
    if answer.candidate is None:
        return verify_region(answer, old, frame, size)
    if not 1 <= answer.candidate <= len(candidates):
        raise Rejected(f"there is no candidate {answer.candidate}: {len(candidates)} were offered")
    chosen = candidates[answer.candidate - 1]
    if answer.corrected_bounding_box is not None:
        box = read_box(answer.corrected_bounding_box, answer.named_corners, frame, size)
        if box.iou(chosen) < SAME_BOX_IOU:
            raise Rejected(f"the answer names candidate {answer.candidate} and gives another box")
    return chosen


def read_box(corners: Sequence[float], named: bool, frame: Frame, size: tuple[int, int], old: Box | None = None) -> Box:
    """Convert the corners of a box to original pixels; `old` itself where they repeat it as it was shown.

    Raises:
        Rejected: it lies outside the picture or is no box.
    """
    if named:
        frame = replace(frame, order="xyxy")
    if old is not None and list(corners) == encode(old, frame, *size):
        return old
    return decode(list(corners), frame, *size)


def _without_whitespace(text: str) -> str:
    """Remove whitespace, which tokens lack."""
    return "".join(text.split())


def _without_invisible(text: str) -> str:
    """Remove whitespace and invisible characters, which tokens may lack and a model may leave out."""
    return "".join(char for char in _without_whitespace(text) if char not in INVISIBLE)


def _caseless(text: str) -> str:
    return _without_invisible(text).casefold()


_NORMALIZERS = (_without_whitespace, _without_invisible, _caseless)
"""Ways to compare words, the strictest first."""
