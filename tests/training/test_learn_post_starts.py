"""Where a text begins is learned from joined posts, and long posts are cut there."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.tiny import tiny_network, tiny_predictor
from unco.small_model.checkpoint import Calibration, from_pretrained, save_pretrained
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.small_model.windows.cuts import piece_counts
from unco.training.learn.post_starts import join_posts, learn_post_starts
from unco.types import GoldPost, Thresholds

FITTED = Calibration(log_cardinality(2, 10, 4), Thresholds(0.4, 0.3, 0.5))


def posts_of(seed: int, count: int) -> list[GoldPost]:
    """Posts that begin with the word "zz", which stands nowhere else."""
    dice = Random(seed)
    return [
        GoldPost(str(index), ("zz", *(dice.choice("abcdefgh") for _ in range(dice.randint(3, 9)))), (), None)
        for index in range(count)
    ]


def test_joined_posts_have_every_word_once_and_fit_the_network() -> None:
    predictor, posts = tiny_predictor(), posts_of(1, 30)
    runs = list(join_posts(posts, predictor, Random(1)))
    assert sorted(word for run in runs for word in run.words) == sorted(word for post in posts for word in post.tokens)
    assert [start for run in runs for start in run.starts] == [word == "zz" for run in runs for word in run.words]
    assert all(sum(piece_counts(run.words, predictor.tokenizer)) <= predictor.reader.run_pieces for run in runs)


def test_layers_learn_where_posts_begin_and_a_checkpoint_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unco.training.learn.post_starts.EPOCHS", 30)  # there are few posts
    monkeypatch.setattr("unco.training.learn.post_starts.RATE", 1e-2)
    predictor = tiny_predictor()
    learned = learn_post_starts(predictor, posts_of(1, 150), posts_of(2, 40), 16, 1)
    assert (learned.precision or 0.0) > 0.4, "one word in seven begins a post"
    assert (learned.recall or 0.0) > 0.1
    predictor.network.in_torch.set_post_starts(learned.layers)
    save_pretrained(predictor, "entropy", {"tiny": {"entropy": FITTED}}, tmp_path, {"data": "none"})
    long = ModelInput(tuple(word for post in posts_of(3, 12) for word in post.tokens))
    alone, (_, beside) = from_pretrained(tmp_path).predict([long]), predictor.predict([ModelInput(("a",)), long])
    assert [one.span for one in alone[0]] == [one.span for one in beside]
    predictor.network.config = replace(predictor.network.config, post_starts=0)
    assert [one.span for one in predictor.predict([long])[0]] != [one.span for one in beside], "they cut elsewhere"


def test_learning_leaves_the_encoder_as_it_is() -> None:
    predictor, before = tiny_predictor(), tiny_network().state_dict()
    learn_post_starts(predictor, posts_of(1, 3), posts_of(2, 2), 4, 1)
    assert all((value == before[name]).all() for name, value in predictor.network.in_torch.state_dict().items())
