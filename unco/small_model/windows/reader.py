"""Reads posts in batches of windows: a post that may fit is read whole, and once more only where it is cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from tokenizers import Tokenizer

from unco.small_model.batch import CAPTION_PIECES, Array, Batch, EncodedPost, encode_post, make_batch
from unco.small_model.batching import split_by_length
from unco.small_model.decoding.states import EncoderStates, Runtime
from unco.small_model.model_input import ModelInput
from unco.small_model.out_of_memory import run_in_parts
from unco.small_model.stored.idle_threads import idle_threads
from unco.small_model.stored.network import TrainedNetwork
from unco.small_model.windows.cuts import (
    BY_SENTENCE,
    BY_START,
    Lengths,
    cut_windows,
    in_runs,
    piece_counts,
    sentence_log_odds,
)

RUN = 160
"""Word pieces of a run of words in which beginnings of texts are looked for."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """An encoded batch, and who encoded it."""

    posts: Sequence[EncodedPost]
    network: Runtime
    batch: Batch
    encoded: EncoderStates

    @property
    def words(self) -> Array:
        """States of the words, (B, W, d)."""
        return self.network.word_states(self.encoded)

    def states(self) -> list[Array]:
        """Return the states of each post's words, (W, d)."""
        return [words[:count] for words, count in zip(self.words, self.batch.words.tolist(), strict=True)]

    def log_odds(self, longer_than: int = 0) -> list[list[float] | None]:
        """Compute the log-odds that a text begins at each word.

        Args:
            longer_than: None stands for posts of so many word pieces, and for all where the network did not learn it.
        """
        long = [len(post.pieces.ids) > longer_than for post in self.posts]
        if not self.network.config.post_starts or not any(long):
            return [None] * len(long)
        states = zip(self.states(), long, strict=True)
        return [self._log_odds_in(words) if is_long else None for words, is_long in states]

    def _log_odds_in(self, words: Array) -> list[float] | None:
        found = self.network.log_odds_of_starts(words)
        return None if found is None else found.tolist()


Use = Callable[[Read], list[T]]
"""Makes something of each post of a batch."""


class Window(NamedTuple):
    """Words of a post that are read together."""

    post: int
    """Its index."""
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Post:
    """A post whose word pieces are counted."""

    index: int
    given: ModelInput
    pieces: list[int]
    """Of each word."""
    most: int
    """Of a window."""

    def windows(self, log_odds: Sequence[float] | None) -> list[Window]:
        """Cut the post where a text most likely begins; None = nowhere."""
        if log_odds is None:
            return [Window(self.index, 0, len(self.pieces))]
        return [Window(self.index, *cut) for cut in cut_windows(self.pieces, log_odds, self.most)]


@dataclass(frozen=True, slots=True)
class Reader:
    """Encodes posts with a network; functions say what is made of them."""

    network: TrainedNetwork
    tokenizer: Tokenizer
    batch_size: int

    @property
    def run_pieces(self) -> int:
        """Word pieces of the longest run of words that `states` is given."""
        return min(RUN, self.network.config.positions - 2)

    @idle_threads()
    def states(self, runs: Sequence[tuple[str, ...]]) -> list[Array]:
        """Compute the encoder's states of the words of each run, (W, d); a run has at most `run_pieces` pieces."""
        return self._read_runs(runs, Read.states)

    @idle_threads()
    def read(self, posts: Sequence[ModelInput], use: Use[T], sampled: bool = False) -> list[tuple[Window, T]]:
        """Apply a function to windows, in batches of similar length.

        Args:
            posts: each with at least one word.
            use: gives a result for each window of a batch.
            sampled: whether it samples, which only torch does.

        Returns:
            Each word is in one window; those of a post are in its order.
        """
        counted = [self._counted(index, post) for index, post in enumerate(posts)]
        fitting = [post for post in counted if self._may_fit(post)]
        whole = [window for post in fitting for window in post.windows(None)]
        kept, cut = list[tuple[Window, T]](), list[Window]()
        tried = self._read_windows(posts, whole, self._with_log_odds(use), sampled)
        for post, window, (result, log_odds) in zip(fitting, whole, tried, strict=True):
            if (windows := post.windows(log_odds)) == [window]:
                kept.append((window, result))
            else:
                cut += windows
        long = [post for post in counted if not self._may_fit(post)]
        for post, found in zip(long, self._log_odds([post.given.words for post in long]), strict=True):
            cut += post.windows(found)
        return [*kept, *zip(cut, self._read_windows(posts, cut, use, sampled), strict=True)]

    @property
    def _lengths(self) -> Lengths:
        return BY_START if self.network.config.post_starts else BY_SENTENCE

    def _counted(self, index: int, post: ModelInput) -> _Post:
        pieces = piece_counts(post.words, self.tokenizer, self._whole_words)
        return _Post(index, post, pieces, min(self._lengths.most, self._room(post)))

    def _room(self, post: ModelInput) -> int:
        """Compute how many word pieces a window may have beside the special pieces and the caption."""
        return self.network.config.positions - (CAPTION_PIECES + 3 if post.caption else 2)

    def _may_fit(self, post: _Post) -> bool:
        """Tell whether a post is never cut, or only where its own states say that another text begins in it.

        With a caption they are not those of its words alone, from which the layers learned.
        """
        size = sum(post.pieces)
        if size <= min(self._lengths.whole, self._room(post.given)):
            return True
        return size <= post.most and bool(self.network.config.post_starts) and not post.given.caption

    def _with_log_odds(self, use: Use[T]) -> Use[tuple[T, list[float] | None]]:
        return lambda read: list(zip(use(read), read.log_odds(self._lengths.whole), strict=True))

    def _log_odds(self, posts: Sequence[tuple[str, ...]]) -> list[list[float]]:
        """Compute the log-odds that a text begins at each word, in runs of words that overlap."""
        if not self.network.config.post_starts:
            return sentence_log_odds(posts)

        def log_odds(runs: Sequence[tuple[str, ...]]) -> list[list[float]]:
            return [found for found in self._read_runs(runs, Read.log_odds) if found is not None]

        return in_runs(posts, self.tokenizer, self.run_pieces, log_odds, self._whole_words)

    def _read_runs(self, runs: Sequence[tuple[str, ...]], use: Use[T]) -> list[T]:
        return self._read_batches([self._encoded(ModelInput(run)) for run in runs], use)

    def _read_windows(
        self, posts: Sequence[ModelInput], windows: Sequence[Window], use: Use[T], sampled: bool
    ) -> list[T]:
        parts = [self._encoded(posts[one.post], slice(one.start, one.stop)) for one in windows]
        return self._read_batches(parts, use, sampled)

    def _read_batches(self, parts: Sequence[EncodedPost], use: Use[T], sampled: bool = False) -> list[T]:
        """Apply a function to batches of similar length; results keep the order of the parts."""
        found: dict[int, T] = {}
        lengths = [len(part.pieces.ids) for part in parts]
        for chosen in split_by_length(lengths, self.batch_size, self.network.call_cost):
            batch = [parts[index] for index in chosen]
            results = run_in_parts(lambda some: use(self._encode(some, sampled)), batch, _describe)
            found |= dict(zip(chosen, results, strict=True))
        return [found[index] for index in range(len(parts))]

    @property
    def _whole_words(self) -> bool:
        return self.network.config.whole_words

    def _encoded(self, post: ModelInput, words: slice = slice(None)) -> EncodedPost:
        return encode_post(post, self.tokenizer, words, self._whole_words)

    def _encode(self, posts: Sequence[EncodedPost], sampled: bool) -> Read:
        batch = make_batch(posts, self.tokenizer, self.network.config.visual_features)
        network = (self.network.in_torch if sampled else self.network).runtime()
        return Read(posts, network, batch, network.encode(batch))


def _describe(post: EncodedPost) -> str:
    return f"one post of {len(post.words)} words and {len(post.kinds)} regions"
