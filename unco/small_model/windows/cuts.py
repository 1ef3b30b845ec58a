"""Where long posts are cut into windows, about as long as the training posts; each word is in exactly one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from unco.small_model.words import word_pieces

_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]+|https?:.*")
"""Words that a sentence ends with; posts end with links, too."""
_SHARED, _EDGE = 24, 8
"""Words that a run shares with the one before, half of its words at most; and how many of these are left to that one: a
run's edge shows too little of what is around it."""
_WITHIN_A_SENTENCE, _BETWEEN_SENTENCES = -10.0, -1.0


@dataclass(frozen=True, slots=True)
class Lengths:
    """Word pieces of windows; chosen on dev."""

    whole: int
    """A post of so many is read whole."""
    most: int
    """Of a window of a longer post."""


BY_SENTENCE = Lengths(whole=64, most=40)
"""Where only the ends of sentences are known."""
BY_START = Lengths(whole=40, most=48)
"""Where the model says how likely a text begins at each word."""


Windows = list[tuple[int, int]]
"""(start, stop) in words."""
LogOdds = Callable[[Sequence[tuple[str, ...]]], list[list[float]]]
"""Says of each word of some posts how likely a text begins there."""


def piece_counts(words: Sequence[str], tokenizer: Tokenizer, whole_words: bool = False) -> list[int]:
    """Count the word pieces of each word; `whole_words` as of `word_pieces`."""
    counts = [0] * len(words)
    for owner in word_pieces(tuple(words), tokenizer, whole_words).word:
        counts[owner] += 1
    return counts


def cut_windows(pieces: Sequence[int], log_odds: Sequence[float], most: int) -> Windows:
    """Cut a post where a new text most likely begins, by dynamic programming.

    Args:
        pieces: of each word; at least one word.
        log_odds: that a text begins at each word; the windows' sum of them is the largest that can be.
        most: pieces of a window; a single word may have more.

    Returns:
        The windows, (start, stop) in words.
    """
    best, cuts = [0.0], [0]
    for stop in range(1, len(pieces) + 1):
        size, choices = 0, list[tuple[float, int]]()
        for start in range(stop - 1, -1, -1):
            size += pieces[start]
            if size > most and choices:
                break
            choices.append((best[start] + (log_odds[start] if start else 0.0), start))
        value, start = max(choices)
        best.append(value)
        cuts.append(start)
    windows = [(cuts[-1], len(pieces))]
    while windows[-1][0]:
        windows.append((cuts[windows[-1][0]], windows[-1][0]))
    return windows[::-1]


def sentence_log_odds(posts: Sequence[tuple[str, ...]]) -> list[list[float]]:
    """Prefer the beginnings of sentences; both numbers are below 0, so that few windows are best."""
    return [
        [_BETWEEN_SENTENCES if _begins(words, place) else _WITHIN_A_SENTENCE for place in range(len(words))]
        for words in posts
    ]


def _begins(words: Sequence[str], place: int) -> bool:
    """Tell whether a sentence begins: after an end, with a retweet, or with a capital after a hash tag."""
    word, before = words[place], words[place - 1] if place else ""
    if word == "RT" or (_END.fullmatch(before) and not _END.fullmatch(word)):
        return True
    return place > 1 and words[place - 2] == "#" and word[0].isupper()


def in_runs(
    posts: Sequence[tuple[str, ...]], tokenizer: Tokenizer, most: int, log_odds: LogOdds, whole_words: bool = False
) -> list[list[float]]:
    """Compute log-odds of long posts in runs that overlap: where one begins, the run before judges the first words.

    Args:
        posts: their words.
        tokenizer: of the encoder.
        most: word pieces of a run.
        log_odds: of runs.
        whole_words: as of `word_pieces`.
    """
    runs = [
        (index, *run)
        for index, words in enumerate(posts)
        for run in overlapping(piece_counts(words, tokenizer, whole_words), most)
    ]
    found = [[0.0] * len(words) for words in posts]
    parts = log_odds([posts[index][start:stop] for index, start, stop in runs])
    judged = [0] * len(posts)
    for (index, start, stop), part in zip(runs, parts, strict=True):
        skipped = min(_EDGE, judged[index] - start)
        found[index][start + skipped : stop] = part[skipped:]
        judged[index] = stop
    return found


def overlapping(pieces: Sequence[int], most: int) -> Windows:
    """Cut a post into runs of at most `most` pieces; they share words, if one can hold more than these."""
    runs: Windows = []
    start = stop = 0
    while stop < len(pieces):
        size, stop = 0, start
        while stop < len(pieces) and (stop == start or size + pieces[stop] <= most):
            size += pieces[stop]
            stop += 1
        runs.append((start, stop))
        start = max(start + 1, stop - min(_SHARED, (stop - start) // 2))
    return runs
