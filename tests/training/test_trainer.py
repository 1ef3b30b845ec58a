"""Training on tiny data: it learns, keeps dev's favourite, goes on after a kill, and refuses odd recipes."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import yaml

from tests.tiny import gold_post, tiny_network, tiny_tokenizer
from tests.training.train_tiny import RECIPE, posts
from unco.errors import DataError, SettingsError, SetupError
from unco.small_model.gold_inputs import SimulatedRegionsInput
from unco.small_model.model_input import ModelInput
from unco.training import trainer as training
from unco.training.recipe import RECIPES, read_recipe, recipe_path
from unco.types import GoldPost

ROOT = Path(__file__).parents[2]
LOOK = SimulatedRegionsInput(("Blue Owls", "Ann Lee"))


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_read_and_named_as_its_file(path: Path) -> None:
    assert read_recipe(recipe_path(path.stem)).name == path.stem


def test_the_paper_s_recipes_are_the_paper_s_settings() -> None:
    gmner, fmnerg = (read_recipe(recipe_path(f"{name}-paper")) for name in ("gmner", "fmnerg"))
    for recipe, margin in ((gmner, 0.5), (fmnerg, 0.3)):
        assert (recipe.start_from, recipe.epochs, recipe.batch_size) == ("facebook/bart-base", 30, 32)
        assert (recipe.debiasing, recipe.margin, recipe.region_loss) == (0.6, margin, 1.0)
        assert (recipe.estimator, recipe.heads, recipe.bio_loss) == ("mc_decoder", "decoder", 0.0)


def test_a_change_replaces_a_setting() -> None:
    changed = read_recipe(recipe_path("gmner-minilm"), ["epochs=3", "encoder_lr = 2.0e-5", "casing=false"])
    assert (changed.epochs, changed.encoder_lr, changed.casing) == (3, 2e-5, False)
    ranges = (
        "epochs=0",
        "batch_size=-1",
        "unseen=40",
        "dropout=1",
        "label_smoothing=5",
        "margin=-0.1",
        "estimator=magic",
    )
    for change in ("epochs", "epoch=3", "epochs=many", "=", "epochs=[", "epochs: 3", *ranges):
        with pytest.raises(SettingsError, match="gmner-minilm.yaml with .* is not a recipe"):
            read_recipe(recipe_path("gmner-minilm"), [change])
    with pytest.raises(SettingsError, match="sampled_as_trained needs a dropout above 0"):
        read_recipe(recipe_path("gmner-minilm"), ["sampled_as_trained=true", "dropout=0"])


def test_unknown_and_odd_recipes_are_refused(tmp_path: Path) -> None:
    odd = tmp_path / "odd.yaml"
    for content in (
        "name: odd\nepoch: 3\n",
        "{",
        "epochs: 3\n",
        "name: odd\nepochs: many\n",
        "- 1\n",
        "!!python/name:os.system",
    ):
        odd.write_text(content)
        with pytest.raises(SettingsError, match="odd.yaml is not a recipe"):
            read_recipe(recipe_path(str(odd)))
    with pytest.raises(SettingsError, match="choose .*gmner-minilm"):
        recipe_path("nothing")
    assert yaml.safe_load((RECIPES / "gmner-minilm.yaml").read_text())["name"] == "gmner-minilm"


def test_the_epoch_that_dev_liked_best_is_kept(tmp_path: Path) -> None:
    network, seen = tiny_network().requires_grad_(True), list[dict[str, torch.Tensor]]()
    pieces = network.encoder.piece.weight.clone()
    liked = iter([0.2, 0.9, 0.1, 0.3])

    def score_dev() -> float:
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return next(liked)

    log = training.train(network, tiny_tokenizer(), RECIPE, posts(8), LOOK, score_dev, tmp_path)
    assert [entry["eval_f1"] for entry in log if "eval_f1" in entry] == [0.2, 0.9, 0.1, 0.3]
    assert all(torch.equal(value, seen[1][name]) for name, value in network.state_dict().items())
    assert not torch.equal(seen[0]["tagger.weight"], seen[1]["tagger.weight"])
    assert torch.equal(pieces, network.encoder.piece.weight), "word pieces stay frozen"
    assert list(tmp_path.rglob("events.out.tfevents.*")), "a log for TensorBoard"


def test_a_finished_run_that_is_resumed_from_elsewhere_keeps_dev_s_favourite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = []
    for place, resume in (("here", False), ("there", True)):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        folder = Path("../run") if resume else Path("..") / "here" / ".." / "run"
        network = tiny_network(seed=int(resume)).requires_grad_(True)
        liked = iter([0.2, 0.9, 0.1, 0.3])
        training.train(network, tiny_tokenizer(), RECIPE, posts(8), LOOK, liked.__next__, folder, resume)
        ends.append(network.tagger.weight.clone())
    assert torch.equal(*ends)
    (tmp_path / "run").rename(tmp_path / "moved")
    with pytest.raises(SetupError, match="put the run's folder back"):
        training.train(network, tiny_tokenizer(), RECIPE, posts(8), LOOK, liked.__next__, tmp_path / "moved", True)


def test_casing_that_is_not_learned_stays_zero(tmp_path: Path) -> None:
    learned = {}
    for casing in (True, False):
        network = tiny_network().requires_grad_(True)
        torch.nn.init.zeros_(network.encoder.casing.shape.weight)
        recipe = read_recipe(write_recipe(tmp_path, casing=casing, epochs=3))
        better = iter([0.1, 0.2, 0.3])
        training.train(network, tiny_tokenizer(), recipe, posts(4), LOOK, better.__next__, tmp_path / str(casing))
        learned[casing] = bool(network.encoder.casing.shape.weight.any())
    assert learned == {True: True, False: False}


def write_recipe(folder: Path, **changes: Any) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump({"name": "tiny", "epochs": 1, "batch_size": 4, "bf16": False, **changes}))
    return path


def test_a_type_that_the_scheme_lacks_stops_the_run_before_it_begins(tmp_path: Path) -> None:
    strange = [gold_post(), *(post for post in posts(1))]
    entity = strange[0].entities[0].__class__(strange[0].entities[0].span, "BAND", ())
    strange[0] = strange[0].__class__("9", strange[0].tokens, (entity,), None)
    with pytest.raises(DataError, match="post 9: 'Ann Lee' is a 'BAND'"):
        training.train(tiny_network(), tiny_tokenizer(), RECIPE, strange, LOOK, lambda: 0.0, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def run(folder: Path, dies_at: int = 0, *resume: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.training.train_tiny", str(folder), str(dies_at), *resume]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_run_that_was_killed_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    """16 posts in batches of 4: an epoch is 4 steps. The kill comes in the third epoch, after two checkpoints."""
    unbroken = run(tmp_path / "unbroken")
    assert unbroken.returncode == 0, unbroken.stderr[-2000:]
    killed = run(tmp_path / "killed", 16 * 2 + 3)
    assert killed.returncode == -signal.SIGKILL
    assert sorted(path.name for path in (tmp_path / "killed").glob("checkpoint-*")) == ["checkpoint-4", "checkpoint-8"]
    half = tmp_path / "killed" / "checkpoint-10"  # a kill while a checkpoint is written leaves one without its state
    half.mkdir()
    resumed = run(tmp_path / "killed", 0, "resume")
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert json.loads(resumed.stdout.splitlines()[-1]) == json.loads(unbroken.stdout.splitlines()[-1])
    assert [epoch for epoch, _ in json.loads(unbroken.stdout.splitlines()[-1])["scores"]] == [1.0, 2.0, 3.0, 4.0]


def test_lack_of_memory_says_what_to_do(tmp_path: Path) -> None:
    def build_input(post: GoldPost, random: Random) -> ModelInput:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(SetupError, match="batches of 4: .*--set batch_size=2"):
        training.train(tiny_network(), tiny_tokenizer(), RECIPE, posts(4), build_input, lambda: 0.0, tmp_path)
