"""Windows of long posts: whole sentences, about as many words as the model was trained on; each word in exactly one."""

import re
from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer

from unco.small_model.words import word_pieces

FITS = 64
"""Word pieces of a post that is read whole; longer ones are rare among the posts of the training (about 22 pieces)."""
LEAST, MOST = 16, 40
"""Word pieces of a window of a longer post: sentences are joined up to the first, and not beyond the second."""
LONGEST_SENTENCE = 80
"""Word pieces; a longer sentence is cut."""

_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]+|https?:.*")
"""Words that a sentence ends with; posts end with links, too."""


def cut_windows(words: Sequence[str], tokenizer: Tokenizer, room: int = MOST) -> list[tuple[int, int]]:
    """Cut a post into windows, (start, stop) in words; one of up to 64 pieces has one.

    Args:
        words: at least one.
        tokenizer: of the encoder.
        room: pieces that the network has room for, at least as many as one word may have.
    """
    costs = [0] * len(words)
    for owner in word_pieces(tuple(words), tokenizer).word:
        costs[owner] += 1
    if sum(costs) <= min(FITS, room):
        return [(0, len(words))]
    longest, most = min(LONGEST_SENTENCE, room), min(MOST, room)
    pieces = (part for one in _sentences(words) for part in _cut_long(costs, one, longest, most))
    return _joined(costs, pieces, most)


def _sentences(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for place in range(1, len(words)):
        if _begins_sentence(words, place):
            yield start, place
            start = place
    yield start, len(words)


def _begins_sentence(words: Sequence[str], place: int) -> bool:
    """Tell whether a sentence begins: after an end, with a retweet, or with a capital after a hash tag."""
    word, before = words[place], words[place - 1]
    if word == "RT" or (_END.fullmatch(before) and not _END.fullmatch(word)):
        return True
    return place > 1 and words[place - 2] == "#" and word[0].isupper()


def _cut_long(costs: Sequence[int], sentence: tuple[int, int], longest: int, most: int) -> Iterator[tuple[int, int]]:
    start, stop = sentence
    left = sum(costs[start:stop])
    while left > longest:
        cut, taken = start, 0
        while cut == start or taken + costs[cut] <= most:
            taken += costs[cut]
            cut += 1
        yield start, cut
        start, left = cut, left - taken
    yield start, stop


def _joined(costs: Sequence[int], pieces: Iterator[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    size = 0
    for start, stop in pieces:
        cost = sum(costs[start:stop])
        if windows and size < LEAST and size + cost <= most:
            windows[-1] = (windows[-1][0], stop)
            size += cost
        else:
            windows.append((start, stop))
            size = cost
    return windows
