"""Checkpoints that are measured together must be alike; the error names what differs."""

from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from typer.testing import CliRunner

from tests.small_model.test_checkpoint import FITTED
from tests.tiny import TINY, byte_tokenizer, tiny_predictor
from tests.training.made_data import write_data
from unco.cli import app
from unco.errors import SettingsError, SetupError
from unco.small_model.checkpoint import from_pretrained, save_pretrained
from unco.small_model.config import ModelConfig
from unco.training.ensemble import load_others
from unco.types import Label


def saved(folder: Path, config: ModelConfig = TINY, tokenizer: Tokenizer | None = None, seed: int = 0) -> Path:
    predictor = tiny_predictor(seed, config)
    predictor = replace(predictor, tokenizer=tokenizer or predictor.tokenizer)
    save_pretrained(predictor, "entropy", {"tiny": FITTED}, folder, {"data": "none"})
    return folder


def test_checkpoints_of_one_recipe_are_loaded(tmp_path: Path) -> None:
    folders = [saved(tmp_path / str(seed), seed=seed) for seed in range(3)]
    first = from_pretrained(folders[0])
    assert len(load_others(first, folders[1:])) == 2
    assert load_others(first, folders[:1]) == (first.network.in_torch,), "a checkpoint may stand beside itself"
    assert load_others(first, ()) == ()
    assert from_pretrained(folders[0]).others == ()


@pytest.mark.parametrize(
    ("config", "tokenizer", "what"),
    [
        (replace(TINY, labels=(*TINY.labels, Label("LOC", "A place.")), coarser=()), None, "labels"),
        (replace(TINY, labels=TINY.labels[::-1]), None, "labels"),
        (TINY, byte_tokenizer(), "tokenizer"),
        (replace(TINY, captions=True, positions=64), None, "longest input and captions"),
        (replace(TINY, visual_features=3), None, "visual features"),
        (replace(TINY, bio_loss=0.0), None, "training of the tagging head"),
        (replace(TINY, whole_words=True), None, "splitting of words"),
        (replace(TINY, whole_picture_is_none=True), None, "slot for no region"),
        (replace(TINY, whole_label_set=True), None, "symbols of a step"),
    ],
)
def test_those_that_differ_are_refused(
    config: ModelConfig, tokenizer: Tokenizer | None, what: str, tmp_path: Path
) -> None:
    first = from_pretrained(saved(tmp_path / "first"))
    with pytest.raises(SettingsError, match=f"other differs from tiny in its {what}: an ensemble needs"):
        load_others(first, [saved(tmp_path / "other", config, tokenizer)])


def test_the_command_refuses_them_before_it_measures(tmp_path: Path) -> None:
    first, other = saved(tmp_path / "first"), saved(tmp_path / "other", replace(TINY, labels=TINY.labels[::-1]))
    line = ["estimators", "--gold", str(write_data(tmp_path / "data", False)), "--checkpoint", str(first)]
    for folder, error in ((other, SettingsError), (tmp_path / "none", SetupError)):
        ended = CliRunner().invoke(app, [*line, "--with", str(folder)])
        assert isinstance(ended.exception, error), ended.output
    assert not (first / "estimators.json").exists()
