"""What teachers say: the mean distributions of trained models over symbols and tags, to learn from beside gold labels.

The texts are read without pictures, once, before the training; each teacher with its own word pieces. Words, symbols
and tags are the same for all models with the same labels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields

import torch
from accelerate import PartialState

from unco.errors import SettingsError
from unco.small_model.batch import encode_post, make_batch, padded
from unco.small_model.decoding.symbols import encode_entities, shift
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.training.examples.collator import check_lengths
from unco.training.examples.example import Taught
from unco.types import GoldPost

AT_ONCE = 64
"""Posts that a teacher reads in one batch."""


def check_teachers(teachers: Sequence[Predictor], types: Sequence[str]) -> None:
    """Check that all teachers have the labels of the network that learns.

    Raises:
        SettingsError: one has others, reads pictures or captions, has a tagging head that was not trained, or was
            trained over the whole label set.
    """
    for teacher in teachers:
        config = teacher.network.config
        if config.types != tuple(types):
            raise SettingsError(f"the teacher {teacher.name} has other labels than the recipe: train it with the same")
        if config.visual_features or config.captions:
            raise SettingsError(f"the teacher {teacher.name} reads pictures or captions, and teachers see text alone")
        if not config.bio_loss:
            raise SettingsError(f"the tagging head of the teacher {teacher.name} was not trained (bio_loss: 0)")
        if config.whole_label_set:
            raise SettingsError(f"the teacher {teacher.name} gives chances to symbols that cannot be (whole_label_set)")


def read_teachers(teachers: Sequence[Predictor], posts: Sequence[GoldPost]) -> list[Taught]:
    """Compute the teachers' mean distributions of each post.

    Raises:
        DataError: a post is longer than a teacher's encoder.
    """
    own = [teacher.device for teacher in teachers]
    device = PartialState().device if torch.cuda.is_available() else torch.device("cpu")
    try:
        return _read_all([teacher.to(device) for teacher in teachers], posts)
    finally:
        for teacher, before in zip(teachers, own, strict=True):
            teacher.to(before)


def _read_all(teachers: Sequence[Predictor], posts: Sequence[GoldPost]) -> list[Taught]:
    order = sorted(range(len(posts)), key=lambda place: len(posts[place].tokens))
    found: dict[int, Taught] = {}
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        part = [posts[place] for place in chosen]
        found |= dict(zip(chosen, _mean([list(_read(teacher, part)) for teacher in teachers]), strict=True))
    return [found[place] for place in range(len(posts))]


def _mean(said: Sequence[Sequence[Taught]]) -> Iterator[Taught]:
    for of_post in zip(*said, strict=True):
        parts = (torch.stack([getattr(one, field.name) for one in of_post]).mean(0) for field in fields(Taught))
        yield Taught(*(part.to(torch.float16).cpu() for part in parts))


@torch.inference_mode()
def _read(teacher: Predictor, posts: Sequence[GoldPost]) -> Iterator[Taught]:
    network, types = teacher.network.in_torch.eval(), teacher.network.config.types
    whole_words = network.config.whole_words
    encoded = [encode_post(ModelInput(post.tokens), teacher.tokenizer, whole_words=whole_words) for post in posts]
    batch = make_batch(encoded, teacher.tokenizer)
    check_lengths(posts, batch, network.config)
    states = network.encode(batch)
    rows = [
        encode_entities([(entity.span, types.index(entity.type)) for entity in post.entities], len(types))
        for post in posts
    ]
    previous = shift(padded(rows, -100))
    x, _ = network.decoder(torch.from_numpy(previous).to(network.device), states)
    symbols = network.step_log_probs(x, previous, states).exp()
    tags = network.tagger(states.words).softmax(-1)
    for place, (row, post) in enumerate(zip(rows, posts, strict=True)):
        words = len(post.tokens)
        known = symbols.shape[-1] - states.words.shape[1] + words
        yield Taught(symbols[place, : len(row), :known], tags[place, :words])
