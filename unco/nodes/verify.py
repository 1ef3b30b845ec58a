"""Verification of readable answers: the span stands in the post, the type exists, the box is in the picture."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from unco.errors import Rejected
from unco.nodes.spelling import BY_CASE, EXACT, LOOSE, Comparison, unescaped_tokens
from unco.nodes.type_names import IN_FULL
from unco.prompts import CandidateAnswer, RegionAnswer
from unco.prompts.box_notations import LocationTokens
from unco.prompts.rendering import name_line
from unco.tools.box_frames.checks import check_large_enough, check_tokens
from unco.tools.box_frames.frame import Frame, decode, encode
from unco.types import Box, Label, Span

MAX_WORDS_MOVED = 3
"""How far a corrector may move either end of a span. The prompt asks for one or two words; punctuation counts too."""

SAME_BOX_IOU = 0.5
"""Least IoU of a box and a candidate, where an answer gives both."""

_REMARK = re.compile(r"[(\[:\u2013\u2014]|\s-\s")
"""Begins a remark behind the name of a type, as in "LOC (a stadium)"."""

_BEFORE = re.compile(
    r"\s*(?:(?:the )?(?:entity |correct(?:ed)? )?(?:type|label)\s*(?:is|[:=])\s*|[BIES][-_](?=[A-Z]))", re.I
)
"""Stands in front of a name: "Type: LOC", and the marks of a tagger, as in B-LOC."""


def verify_span(answer: str, old: Span, tokens: Sequence[str], taken: Sequence[Span] = ()) -> Span:
    """Find the tokens that an answer names, near the old span.

    Words that are the same letter by letter count first, whitespace, invisible characters and Unicode forms aside; then
    the old span, if it agrees in any way of `spelling`; then words that differ in case alone, and of several places the
    nearest; and what differs in more only where there is one place.

    Args:
        answer: the words.
        old: where they stood before.
        tokens: the post's.
        taken: spans of other entities, of which the words may share no token.

    Raises:
        Rejected: they do not stand there, are another entity's, or could be several places.
    """
    near = [
        Span(start, stop)
        for start in range(max(0, old.start - MAX_WORDS_MOVED), old.start + MAX_WORDS_MOVED + 1)
        for stop in range(max(start + 1, old.stop - MAX_WORDS_MOVED), old.stop + MAX_WORDS_MOVED + 1)
        if stop <= len(tokens)
    ]
    ways = ((EXACT, near), ((BY_CASE, *LOOSE), [old]), ((BY_CASE,), near), (LOOSE, near))
    for comparisons, places in ways:
        for comparison in comparisons:
            fitting = _fitting(comparison, answer, places, tokens)
            free = [span for span in fitting if not any(span.overlaps(other) for other in taken)]
            if len(free) > 1 and comparison in LOOSE:
                raise Rejected(f"{answer!r} could be several places of the post")
            if free:
                return min(free, key=lambda span: abs(span.start - old.start) + abs(span.stop - old.stop))
            if fitting:
                raise Rejected(f"{answer!r} shares words with another entity")
    raise Rejected(f"{answer!r} does not stand in the post within {MAX_WORDS_MOVED} words of the span")


def _fitting(comparison: Comparison, answer: str, places: Sequence[Span], tokens: Sequence[str]) -> list[Span]:
    """Return the places that fit an answer under a comparison.

    A loose one drops punctuation, so with several places a span may not begin or end with a token that is nothing else.
    """
    wanted = comparison.answer(answer)
    if not wanted or not places:
        return []
    low, high = min(span.start for span in places), max(span.stop for span in places)
    compared = tokens[low:high] if comparison not in LOOSE else unescaped_tokens(tokens[low:high])
    words = [comparison.token(token) for token in compared]
    trimmed = comparison in LOOSE and len(places) > 1
    return [
        span
        for span in places
        if "".join(inside := words[span.start - low : span.stop - low]) == wanted
        and not (trimmed and "" in (inside[0], inside[-1]))
    ]


def find_span(words: str, tokens: Sequence[str], taken: Sequence[Span]) -> Span:
    """Find the first tokens that words name, anywhere in the post and free; compared as in `verify_span`.

    Raises:
        Rejected: there is none, or words that are spelt otherwise could be several.
    """
    overlapping = False
    for comparison in (*EXACT, BY_CASE, *LOOSE):
        compared = unescaped_tokens(tokens) if comparison in LOOSE else tokens
        runs = list(_runs(comparison.answer(words), [comparison.token(token) for token in compared]))
        free = [span for span in runs if not any(span.overlaps(other) for other in taken)]
        if len(free) > 1 and comparison in LOOSE:
            raise Rejected(f"{words!r} could be several places of the post")
        if free:
            return free[0]
        overlapping = overlapping or bool(runs)
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
    """Find the label that an answer names: as it is spelt, by case, and then in the ways of `spelling`.

    A whole line of the list, name and description, names its label too, and so does a name with a remark behind it, a
    word in front, or in another language.

    Raises:
        Rejected: there is no such label, or more than one.
    """
    if any(label.name == answer for label in labels):
        return answer
    bare = _BEFORE.sub("", answer, count=1) if _BEFORE.match(answer) else answer
    for said in dict.fromkeys((answer, _REMARK.split(answer, maxsplit=1)[0], bare, _REMARK.split(bare, maxsplit=1)[0])):
        for comparison in (*EXACT, BY_CASE, *LOOSE):
            wanted = comparison.answer(said)
            own = {label.name for label in labels if wanted and wanted in _spellings(label, comparison)}
            found = own or {label.name for label in labels if wanted and wanted in _meanings(label, comparison)}
            if len(found) == 1:
                return found.pop()
    raise Rejected(f"{answer!r} is no type: there is {', '.join(label.name for label in labels)}")


def _spellings(label: Label, comparison: Comparison) -> set[str]:
    shown = (label.name, name_line(label.name), f"{label.name}: {label.description}")
    return {comparison.token(text) for text in shown} - {""}


def _meanings(label: Label, comparison: Comparison) -> set[str]:
    return {comparison.token(text) for text in IN_FULL.get(label.name, ())} - {""}


def verify_region(answer: RegionAnswer, old: Box | None, frame: Frame, size: tuple[int, int]) -> Box | None:
    """Convert an answer's box to pixels of the original picture; None for "not in the picture".

    An answer that repeats the box as it was shown gives the old box itself, without the frame's rounding.

    Raises:
        Rejected: it lies outside the picture or is no box.
    """
    if answer.corrected_bounding_box is None:
        return None
    corners, named, tokens = answer.corrected_bounding_box, answer.named_corners, answer.location_tokens
    return read_box(corners, named, frame, size, old, tokens)


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
        corners, named, tokens = answer.corrected_bounding_box, answer.named_corners, answer.location_tokens
        box = read_box(corners, named, frame, size, chosen, tokens)
        if box.iou(chosen) < SAME_BOX_IOU:
            raise Rejected(f"the answer names candidate {answer.candidate} and gives another box")
    return chosen


def read_box(
    corners: Sequence[float],
    named: bool,
    frame: Frame,
    size: tuple[int, int],
    old: Box | None = None,
    tokens: LocationTokens = "",
) -> Box:
    """Convert the corners of a box to original pixels; `old` itself where they repeat it as it was shown.

    Raises:
        Rejected: it lies outside the picture, is no box, is too small to be one, or came in another family's tokens.
    """
    check_tokens(tokens, frame)
    if named:
        frame = replace(frame, order="xyxy")
    if old is not None and _repeats(corners, encode(old, frame, *size), tokens):
        return old
    box = decode(list(corners), frame, *size)
    check_large_enough(box, *size)
    return box


def _repeats(corners: Sequence[float], shown: Sequence[float], tokens: LocationTokens) -> bool:
    """Return whether corners are those that were shown; tokens name middles of cells, which were shown rounded."""
    slack = 5e-5 if tokens else 0.0
    return all(abs(one - other) <= slack for one, other in zip(corners, shown, strict=True))
