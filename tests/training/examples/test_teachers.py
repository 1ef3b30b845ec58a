"""What teachers say: the mean of their distributions for each text, and how it gets into the training."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from tests.tiny import LABELS, TINY, gold_post, tiny_network, tiny_predictor, tiny_tokenizer
from tests.training.train_tiny import RECIPE, posts
from unco.errors import DataError, SettingsError
from unco.small_model.batch import encode_post, make_batch
from unco.small_model.decoding.symbols import shift
from unco.small_model.gold_inputs import SimulatedRegionsInput, text_only
from unco.small_model.model_input import ModelInput
from unco.training import trainer as training
from unco.training.examples.collator import Collator
from unco.training.examples.example import of_data_set
from unco.training.examples.teachers import check_teachers, read_teachers
from unco.types import GoldPost, Label

LOOK = SimulatedRegionsInput(("Blue Owls", "Ann Lee"))


def test_teachers_say_the_mean_of_what_each_says_alone() -> None:
    one, other = tiny_predictor(1), tiny_predictor(2)
    both, alone, alone_too = (read_teachers(who, [gold_post()])[0] for who in ([one, other], [one], [other]))
    mean = (alone.symbols.float() + alone_too.symbols.float()) / 2
    torch.testing.assert_close(both.symbols.float(), mean, atol=2e-3, rtol=0)
    assert both.symbols.shape == (11, 3 + 2 + 8)  # 11 steps of the gold sequence; 2 types and 8 words
    assert both.tags.shape == (8, 5)
    torch.testing.assert_close(both.tags.float().sum(-1), torch.ones(8), atol=3e-3, rtol=0)


def test_a_teacher_says_what_its_network_gives_for_the_gold_sequence() -> None:
    teacher, post = tiny_predictor(3), gold_post()
    network = teacher.network.in_torch
    states = network.encode(make_batch([encode_post(ModelInput(post.tokens), teacher.tokenizer)], teacher.tokenizer))
    previous = shift(np.array([[1, 5, 6, 2, 3, 1, 10, 11, 2, 4, 0]]))
    expected = network.step_log_probs(network.decoder(torch.from_numpy(previous), states)[0], previous, states)
    said = read_teachers([teacher], [post])[0]
    torch.testing.assert_close(said.symbols.float(), expected[0].exp(), atol=1e-3, rtol=0)


def test_posts_of_any_length_keep_their_order_and_their_own_words() -> None:
    teacher = tiny_predictor(1)
    long = replace(gold_post("2"), tokens=(*gold_post().tokens, "hey", "hey"))
    empty = GoldPost("3", ("hi",), (), None)
    alone = [read_teachers([teacher], [post])[0] for post in (long, gold_post(), empty)]
    for said, expected in zip(read_teachers([teacher], [long, gold_post(), empty]), alone, strict=True):
        torch.testing.assert_close(said.symbols, expected.symbols, atol=2e-3, rtol=0)
        torch.testing.assert_close(said.tags, expected.tags, atol=2e-3, rtol=0)
    assert alone[2].symbols.shape == (1, 3 + 2 + 1)


def test_a_post_that_a_teacher_cannot_read_is_named() -> None:
    teacher = tiny_predictor(1, replace(TINY, positions=20))
    with pytest.raises(DataError, match="post 7 has 28 word pieces"):
        read_teachers([teacher], [gold_post("7")])


def test_a_teacher_with_other_labels_or_eyes_is_refused() -> None:
    teacher = tiny_predictor(1)
    check_teachers([teacher], ("PER", "ORG"))
    with pytest.raises(SettingsError, match="the teacher tiny has other labels"):
        check_teachers([teacher], ("PER", "LOC"))
    renamed = replace(TINY, labels=(LABELS[1], Label("PER", "A person.")))
    with pytest.raises(SettingsError, match="the teacher tiny has other labels"):
        check_teachers([tiny_predictor(1, renamed)], ("PER", "ORG"))  # the order counts
    with pytest.raises(SettingsError, match="the teacher tiny reads pictures"):
        check_teachers([tiny_predictor(1, replace(TINY, visual_features=4))], ("PER", "ORG"))
    with pytest.raises(SettingsError, match="the tagging head of the teacher tiny was not trained"):
        check_teachers([tiny_predictor(1, replace(TINY, bio_loss=0.0))], ("PER", "ORG"))
    with pytest.raises(SettingsError, match="the teacher tiny gives chances to symbols that cannot be"):
        check_teachers([tiny_predictor(1, replace(TINY, whole_label_set=True))], ("PER", "ORG"))


def test_a_batch_holds_what_the_teachers_say_and_zeros_where_they_say_nothing() -> None:
    teacher, short = tiny_predictor(1), GoldPost("2", ("Bo", "sings"), (), None)
    said = read_teachers([teacher], [short])[0]
    examples = [of_data_set(gold_post()), replace(of_data_set(short), taught=said)]
    collator = Collator(tiny_tokenizer(), TINY, lambda post, _: text_only(post))
    _, targets = collator.build(examples, Random(0))
    assert targets.taught_symbols is not None
    assert targets.taught_tags is not None
    assert targets.taught_symbols.shape == (2, 11, 3 + 2 + 8)
    assert float(targets.taught_symbols[0].sum()) == 0.0
    torch.testing.assert_close(targets.taught_symbols[1, :1, :7], said.symbols.float())
    assert float(targets.taught_symbols[1, 1:].sum()) == 0.0
    torch.testing.assert_close(targets.taught_tags[1, :2], said.tags.float())
    assert collator.build(examples[:1], Random(0))[1].taught_tags is None  # nobody said anything


def test_a_network_comes_nearer_to_its_teacher(tmp_path: Path) -> None:
    """With the teachers' share at 1, gold labels are not learned: only what the teacher says."""
    teacher, data = tiny_predictor(5), posts(16)

    def distance(share: float) -> float:
        network = tiny_network(0, replace(TINY, distillation=share)).requires_grad_(True)
        likes = count(1)  # dev likes each epoch better than the one before
        folder = tmp_path / str(share)
        recipe = replace(RECIPE, epochs=12)
        training.train(
            network, tiny_tokenizer(), recipe, data, LOOK, lambda: next(likes) / 99, folder, teachers=[teacher]
        )
        learned = read_teachers([replace(teacher, network=network.eval())], data)
        said = read_teachers([teacher], data)
        gaps = [(one.tags.float() - other.tags.float()).abs().mean() for one, other in zip(learned, said, strict=True)]
        return float(torch.stack(gaps).mean())

    assert distance(1.0) < 0.6 * distance(0.0)
