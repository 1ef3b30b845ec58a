"""Make training batches of gold posts: symbols, region distributions (Eq. 3), overlaps (Eq. 8), BIO tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from unco.errors import DataError
from unco.small_model.batch import Batch, encode_post, make_batch
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.symbols import FIRST_TYPE, REGION, encode_entities
from unco.small_model.gold_inputs import InputBuilder, text_only, with_clutter
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Targets
from unco.small_model.regions.region import Region
from unco.training.examples.example import Example, joined_at_random
from unco.types import Box, GoldPost

AT_ONCE = 256
"""Texts that are checked together."""


class Examples(Dataset[dict[str, Any]]):
    """A data set of examples for a sampler that groups by length, for which it reads the length of `input_ids`."""

    def __init__(self, examples: Sequence[Example]) -> None:
        """Take examples in any order."""
        self.examples = examples

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.examples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One example."""
        example = self.examples[index]
        return {"input_ids": example.post.tokens, "example": example}


def region_overlaps(candidates: Sequence[Box], gold: Sequence[Box]) -> list[float]:
    """Compute each candidate's best IoU with a gold box; 0 where there are none."""
    return [max((box.iou(other) for other in gold), default=0.0) for box in candidates]


def region_target(candidates: Sequence[Box], gold: Sequence[Box]) -> list[float]:
    """Compute Eq. 3's target over K + 1 slots: normalised IoU above 0.5; the last slot where nothing is covered."""
    covered = [overlap if overlap > 0.5 else 0.0 for overlap in region_overlaps(candidates, gold)]
    total = sum(covered)
    return [overlap / total for overlap in covered] + [0.0] if total else [0.0] * len(candidates) + [1.0]


@dataclass(frozen=True, slots=True)
class Collator:
    """Builds training batches; random inputs are seeded from torch's random state."""

    piece_tokenizer: Tokenizer
    """Tokenizer of the encoder. (The trainer would try to save an attribute called `tokenizer` in its own way.)"""
    config: ModelConfig
    build_input: InputBuilder
    unseen: float = 0.0
    """Share of posts given without a picture, in [0, 1], so that the model learns to read text alone too."""
    clutter: float = 0.0
    """Share of simulated pictures in clutter, in [0, 1]."""
    joined: float = 0.0
    """Share of examples that another of the batch is appended to, in [0, 1), so that long posts are read too."""

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Make a flat dictionary of tensors, as `transformers.Trainer` expects."""
        random = Random(int(torch.randint(2**31, (1,))))
        batch, targets = self.build([item["example"] for item in items], random)
        tensors = {name: getattr(part, name) for part in (batch, targets) for name in part.__slots__}
        return {name: tensor for name, tensor in tensors.items() if tensor is not None}

    def build(self, examples: Sequence[Example], random: Random) -> tuple[Batch[Tensor], Targets]:
        """Make the inputs and targets of some examples.

        Raises:
            DataError: a post is longer than the encoder.
        """
        examples = joined_at_random(examples, self.joined, random)
        posts = [example.post for example in examples]
        shown = [self._show(example, random) for example in examples]
        encoded = [encode_post(post, self.piece_tokenizer, whole_words=self.config.whole_words) for post in shown]
        candidates = [post.candidates for post in shown]
        batch = make_batch(encoded, self.piece_tokenizer, self.config.visual_features)
        check_lengths(posts, batch, self.config)
        return batch.map(torch.from_numpy), self._targets(examples, candidates)

    def _show(self, example: Example, random: Random) -> ModelInput:
        if example.picture is None or random.random() < self.unseen:
            return text_only(example.post)
        in_clutter = self.clutter > 0 and random.random() < self.clutter
        build_input = with_clutter(self.build_input) if in_clutter else self.build_input
        return replace(build_input(example.picture, random), words=example.post.tokens)

    def _targets(self, examples: Sequence[Example], candidates: Sequence[Sequence[Region]]) -> Targets:
        types, posts = self.config.types, [example.post for example in examples]
        symbols = [
            encode_entities([(entity.span, types.index(entity.type)) for entity in post.entities], len(types))
            for post in posts
        ]
        steps, width = max(map(len, symbols)), max(len(post.tokens) for post in posts)
        entities, slots = max(len(post.entities) for post in posts), max(map(len, candidates))
        regions = torch.zeros(len(posts), steps, slots + 1)
        spans = torch.full((len(posts), entities, 2), -1)
        overlaps = torch.full((len(posts), entities, slots), -1.0)
        tags = torch.full((len(posts), width), -100)
        for row, post in enumerate(posts):
            tags[row, : len(post.tokens)] = torch.tensor(_tags(post, types))
            for index in examples[row].grounded:
                entity = post.entities[index]
                spans[row, index] = torch.tensor([entity.span.start, entity.span.stop])
                found = region_overlaps([region.box for region in candidates[row]], entity.boxes)
                overlaps[row, index, : len(found)] = torch.tensor(found)
            if candidates[row]:
                pointed = {
                    slot: region.box
                    for slot, region in enumerate(candidates[row])
                    if not (self.config.whole_picture_is_none and region.kind == "picture")
                }
                _fill_regions(regions[row], symbols[row], examples[row], pointed)
        padded = [[*row, *[-100] * (steps - len(row))] for row in symbols]
        taught = _taught(examples, steps, width, len(types)) if any(one.taught for one in examples) else ()
        return Targets(torch.tensor(padded), regions, spans, overlaps, tags, *taught)


def check_texts(examples: Sequence[Example], tokenizer: Tokenizer, config: ModelConfig) -> None:
    """Check that the encoder reads the text of each example as a whole, before a batch is made in another process.

    Raises:
        DataError: one is longer; it is named.
    """
    for start in range(0, len(examples), AT_ONCE):
        posts = [example.post for example in examples[start : start + AT_ONCE]]
        encoded = [encode_post(text_only(post), tokenizer, whole_words=config.whole_words) for post in posts]
        check_lengths(posts, make_batch(encoded, tokenizer), config)


def check_lengths(posts: Sequence[GoldPost], batch: Batch, config: ModelConfig) -> None:
    """Check that the encoder reads each post of a batch as a whole.

    Raises:
        DataError: a post is longer; the longest is named.
    """
    pieces, post = max(zip(batch.piece_mask.sum(1).tolist(), posts, strict=True), key=lambda pair: pair[0])
    if pieces > config.positions:
        raise DataError(
            f"post {post.id} has {pieces} word pieces, caption and marks included; the encoder reads "
            f"{config.positions}: cut it into sentences"
        )


def _fill_regions(row: Tensor, symbols: Sequence[int], example: Example, candidates: Mapping[int, Box]) -> None:
    """Write the targets of a post's entities into (L, K + 1), by the slots of the candidates."""
    read_at = [step + 1 for step, symbol in enumerate(symbols) if symbol == REGION]  # the state that consumed <r>
    for index in example.grounded:
        step, entity = read_at[index], example.post.entities[index]
        *covered, none = region_target(list(candidates.values()), entity.boxes)
        row[step, list(candidates)] = torch.tensor(covered)
        row[step, -1] = none


def _taught(examples: Sequence[Example], steps: int, width: int, types: int) -> tuple[Tensor, Tensor]:
    """Pad what the teachers say: (B, L, 3 + N + W) and (B, W, 1 + 2 N)."""
    symbols = torch.zeros(len(examples), steps, FIRST_TYPE + types + width)
    tags = torch.zeros(len(examples), width, 1 + 2 * types)
    for row, example in enumerate(examples):
        if example.taught:
            for table, said in ((symbols, example.taught.symbols), (tags, example.taught.tags)):
                table[row, : said.shape[0], : said.shape[1]] = said
    return symbols, tags


def _tags(post: GoldPost, types: Sequence[str]) -> list[int]:
    tags = [0] * len(post.tokens)
    for entity in post.entities:
        kind = 1 + 2 * types.index(entity.type)
        tags[entity.span.start : entity.span.stop] = [kind] + [kind + 1] * (len(entity.span) - 1)
    return tags
