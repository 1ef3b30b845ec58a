"""Windows of long posts, cut at sentence ends where possible; they cover each word exactly once."""

from collections.abc import Sequence

from tokenizers import Tokenizer

from unco.small_model.words import word_pieces

PIECES = 320
"""Most word pieces in a window. The encoder was trained on posts of about 22 pieces and has room for 510."""
SENTENCE_ENDS = frozenset(".!?\u2026\u3002")


def cut_windows(words: Sequence[str], tokenizer: Tokenizer, most: int = PIECES) -> list[tuple[int, int]]:
    """Cut a post into windows, (start, stop) in words; all but very long posts have one.

    Args:
        words: at least one.
        tokenizer: of the encoder.
        most: pieces in a window, at least as many as one word may have.
    """
    costs = [0] * len(words)
    for owner in word_pieces(words, tokenizer).word:
        costs[owner] += 1
    windows: list[tuple[int, int]] = []
    start = 0
    while start < len(words):
        stop = _longest(costs, start, most)
        if stop < len(words):
            stop = _after_sentence(words, start, stop)
        windows.append((start, stop))
        start = stop
    return windows


def _longest(costs: Sequence[int], start: int, most: int) -> int:
    total, stop = 0, start
    while stop < len(costs) and (stop == start or total + costs[stop] <= most):
        total += costs[stop]
        stop += 1
    return stop


def _after_sentence(words: Sequence[str], start: int, stop: int) -> int:
    """Find the last sentence end in the second half of a full window, else return its end."""
    half = (start + stop) // 2
    ends = (place + 1 for place in range(stop - 1, half, -1) if words[place] in SENTENCE_ENDS)
    return next(ends, stop)
