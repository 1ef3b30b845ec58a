"""Gold posts as batches with targets: symbols, region distributions (Eq. 3), BIO tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from unco.small_model.batch import Batch, encode_post, make_batch
from unco.small_model.network import Targets
from unco.small_model.regions import Region
from unco.small_model.simulated_regions import simulate_regions, whole_picture
from unco.small_model.symbols import REGION, encode_entities
from unco.types import Box, GoldPost

UNSEEN = 0.4
"""Share of posts shown without a picture, so that text alone is read well too."""
DEFAULT_SIZE = (600, 450)
"""Picture size where no xml file tells it: the data set's most frequent one."""


class GoldPosts(Dataset[dict[str, Any]]):
    """Gold posts for a sampler that groups by length: it reads the length of `input_ids`."""

    def __init__(self, posts: Sequence[GoldPost]) -> None:
        """Posts in any order."""
        self.posts = posts

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.posts)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One post."""
        post = self.posts[index]
        return {"input_ids": post.tokens, "post": post}


def region_candidates(post: GoldPost, others: Sequence[str], random: Random) -> tuple[list[Region], tuple[int, int]]:
    """Simulated candidates of a post (without the whole picture) and the size of its picture."""
    size = post.size or DEFAULT_SIZE
    gold = [
        (box, entity.type, " ".join(post.tokens[entity.span.start : entity.span.stop]))
        for entity in post.entities
        for box in entity.boxes
    ]
    return simulate_regions(gold, size, others, random), size


def region_target(candidates: Sequence[Box], gold: Sequence[Box]) -> list[float]:
    """Eq. 3's target over K + 1 slots: IoU where above 0.5, normalised; the last slot where nothing is covered."""
    overlaps = [max((box.iou(other) for other in gold), default=0.0) for box in candidates]
    covered = [overlap if overlap > 0.5 else 0.0 for overlap in overlaps]
    total = sum(covered)
    return [overlap / total for overlap in covered] + [0.0] if total else [0.0] * len(candidates) + [1.0]


@dataclass(frozen=True, slots=True)
class Collator:
    """Builds training batches; regions are simulated afresh each time, from torch's random state."""

    piece_tokenizer: Tokenizer
    """Of the encoder. (The trainer would try to save an attribute called `tokenizer` in its own way.)"""
    types: tuple[str, ...]
    texts: tuple[str, ...]
    """Entity names of the training set, for distracting text lines."""

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """A flat dictionary of tensors, as `transformers.Trainer` moves them."""
        random = Random(int(torch.randint(2**31, (1,))))
        batch, targets = self.build([item["post"] for item in items], random)
        return {name: getattr(part, name) for part in (batch, targets) for name in part.__slots__}

    def build(self, posts: Sequence[GoldPost], random: Random) -> tuple[Batch, Targets]:
        """Inputs and targets of some posts."""
        encoded, rows = [], []
        for post in posts:
            regions, size = region_candidates(post, self.texts, random)
            shown = random.random() >= UNSEEN
            candidates = [*regions, whole_picture(size)] if shown else []
            encoded.append(encode_post(post.tokens, candidates, size, self.piece_tokenizer))
            rows.append([region.box for region in candidates])
        return make_batch(encoded, self.piece_tokenizer), self._targets(posts, rows)

    def _targets(self, posts: Sequence[GoldPost], candidates: Sequence[Sequence[Box]]) -> Targets:
        types = len(self.types)
        symbols = [
            encode_entities([(entity.span, self.types.index(entity.type)) for entity in post.entities], types)
            for post in posts
        ]
        steps, width = max(map(len, symbols)), max(len(post.tokens) for post in posts)
        slots = max(map(len, candidates)) + 1
        regions = torch.zeros(len(posts), steps, slots)
        tags = torch.full((len(posts), width), -100)
        for row, post in enumerate(posts):
            tags[row, : len(post.tokens)] = torch.tensor(self._tags(post))
            if candidates[row]:
                self._fill_regions(regions[row], symbols[row], post, candidates[row])
        padded = [[*row, *[-100] * (steps - len(row))] for row in symbols]
        return Targets(torch.tensor(padded), regions, tags)

    def _fill_regions(self, row: Tensor, symbols: Sequence[int], post: GoldPost, candidates: Sequence[Box]) -> None:
        read_at = [step + 1 for step, symbol in enumerate(symbols) if symbol == REGION]  # the state that consumed <r>
        for step, entity in zip(read_at, post.entities, strict=True):
            *covered, none = region_target(candidates, entity.boxes)
            row[step, : len(covered)] = torch.tensor(covered)
            row[step, -1] = none

    def _tags(self, post: GoldPost) -> list[int]:
        tags = [0] * len(post.tokens)
        for entity in post.entities:
            kind = 1 + 2 * self.types.index(entity.type)
            tags[entity.span.start : entity.span.stop] = [kind] + [kind + 1] * (len(entity.span) - 1)
        return tags
