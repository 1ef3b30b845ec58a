"""Fit the layers that find where a text begins in long posts: on the training posts, joined at random."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn import functional as F

from unco.small_model.network.post_starts import PostStarts
from unco.small_model.predictor import Predictor
from unco.small_model.stored.in_torch import round_weights
from unco.small_model.windows.cuts import piece_counts
from unco.types import GoldPost

JOINS = 4
"""How often the posts are joined, each time in another order."""
MOST_POSTS = 20_000
"""Posts that are used, drawn at random: the encoder's states of all of them stay in memory."""
SHORTEST = 40
"""Word pieces of the shortest run; see `Reader.run_pieces` for the longest."""
EPOCHS, RUNS_IN_A_BATCH, RATE, DECAY = 7, 8, 1e-3, 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """A part of running text, short enough for the network."""

    words: tuple[str, ...]
    starts: tuple[bool, ...]
    """Whether a post begins at each word."""


@dataclass(frozen=True, slots=True)
class LearnedStarts:
    """The fitted layers, and how well they find the posts of dev, joined in the same way."""

    layers: PostStarts
    precision: float | None
    """Share of the words with log-odds above 0 at which a post begins; None where there are none, here and below."""
    recall: float | None
    """Share of the beginnings of posts that have log-odds above 0."""


def learn_post_starts(
    predictor: Predictor, train: Sequence[GoldPost], dev: Sequence[GoldPost], units: int, seed: int
) -> LearnedStarts:
    """Fit layers with `units` hidden units on train, and measure them on dev; the encoder stays as it is."""
    random = Random(seed)
    train = random.sample(train, min(len(train), MOST_POSTS))
    runs = [run for _ in range(JOINS) for run in join_posts(train, predictor, random)]
    states = _states(predictor, runs)
    with torch.random.fork_rng():  # the same layers from the same network, in a run that was resumed, too
        torch.manual_seed(seed)
        layers = PostStarts(predictor.network.config.hidden, units).to(predictor.device)
        _fit(layers, states, [run.starts for run in runs], random)
    round_weights(layers)  # measure what will be shipped
    shown = list(join_posts(dev, predictor, random))
    with torch.no_grad():
        found = torch.cat([_log_odds(layers, [words]) for words in _states(predictor, shown)]).cpu() > 0
    starts = torch.tensor([start for run in shown for start in run.starts[1:]])
    right = int((found & starts).sum())
    return LearnedStarts(layers, _share(right, int(found.sum())), _share(right, int(starts.sum())))


def join_posts(posts: Sequence[GoldPost], predictor: Predictor, random: Random) -> Iterator[Run]:
    """Join posts in random order to one long text and cut it into runs of random length."""
    order = random.sample(posts, len(posts))
    words = [word for post in order for word in post.tokens]
    starts = [index == 0 for post in order for index in range(len(post.tokens))]
    pieces = piece_counts(words, predictor.tokenizer, predictor.network.config.whole_words)
    longest, first = predictor.reader.run_pieces, 0
    while first < len(words):
        room, stop = random.randint(min(SHORTEST, longest), longest) - pieces[first], first + 1
        while stop < len(words) and pieces[stop] <= room:
            room -= pieces[stop]
            stop += 1
        yield Run(tuple(words[first:stop]), tuple(starts[first:stop]))
        first = stop


def _states(predictor: Predictor, runs: Sequence[Run]) -> list[Tensor]:
    """Compute the encoder's states of runs, (W, d) each; in half precision, since there are many."""
    found = predictor.reader.states([run.words for run in runs])
    return [torch.from_numpy(words).half().to(predictor.device) for words in found]


def _log_odds(layers: PostStarts, runs: Sequence[Tensor]) -> Tensor:
    """Compute the log-odds of each word but a run's first: what is before it is not seen."""
    return torch.cat([found[1:] for found in layers([words.float() for words in runs])])


def _fit(layers: PostStarts, runs: Sequence[Tensor], starts: Sequence[Sequence[bool]], random: Random) -> None:
    optimizer = torch.optim.AdamW(layers.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(runs) // RUNS_IN_A_BATCH)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
    layers.train()
    for _ in range(EPOCHS):
        order = random.sample(range(len(runs)), len(runs))
        for first in range(0, len(order), RUNS_IN_A_BATCH):
            chosen = order[first : first + RUNS_IN_A_BATCH]
            wanted = torch.tensor([float(start) for index in chosen for start in starts[index][1:]])
            found = _log_odds(layers, [runs[index] for index in chosen])
            loss = F.binary_cross_entropy_with_logits(found, wanted.to(found.device))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
            optimizer.step()
            rates.step()
    layers.eval().requires_grad_(False)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
