"""Where a training starts from."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.small_model.saved_models import save
from tests.tiny import TINY, tiny_predictor
from unco.errors import SettingsError, SetupError
from unco.small_model.checkpoint import Calibration, save_pretrained
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.training import start
from unco.training.recipe import read_recipe, recipe_path
from unco.types import Thresholds


def test_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match=r"\[train\]"):
        start.minilm_folder()


def test_a_network_takes_its_settings_from_the_recipe(tmp_path: Path) -> None:
    save(tmp_path / "bart", "bart")
    for name, literal in (("gmner-paper", False), ("gmner-paper-literal", True)):
        network, _ = start.start_recipe(read_recipe(recipe_path(name)), tmp_path / "bart", 6, False)
        config = network.config
        assert (config.sum_of_pairs, config.sampled_as_trained, config.whole_label_set) == (literal,) * 3
        assert (config.features_alone, config.whole_picture_is_none, config.whole_words) == (literal,) * 3


def test_regions_that_are_their_features_alone_need_some(tmp_path: Path) -> None:
    save(tmp_path / "bart", "bart")
    with pytest.raises(SettingsError, match="features_alone: the regions of the training posts have no visual"):
        start.start_recipe(read_recipe(recipe_path("gmner-paper-literal")), tmp_path / "bart", 0, False)
    alone = read_recipe(recipe_path("tweets-minilm"), ["start_from=shipped", "features_alone=true"])
    with pytest.raises(SettingsError, match="features_alone"):
        start.start_recipe(alone, start.start_folder("shipped"), 0, False)


def test_a_checkpoint_is_trained_on_with_regions_as_it_knows_them(tmp_path: Path) -> None:
    folder, config = tmp_path / "checkpoint", replace(TINY, visual_features=6, features_alone=True)
    config = replace(config, whole_picture_is_none=True)
    fitted = {"entropy": Calibration(log_cardinality(2, 10, 4), Thresholds(0.4, 0.3, 0.5))}
    save_pretrained(tiny_predictor(config=config), "entropy", {"tiny": fitted, "names": fitted}, folder, {})
    recipe = read_recipe(recipe_path("gmner-paper-literal"))
    network, _ = start.start_recipe(recipe, folder, 6, False)
    assert (network.config.features_alone, network.config.debiasing) == (True, 0.6)
    with pytest.raises(SettingsError, match="was trained with features_alone=True: train it on with the same"):
        start.start_recipe(replace(recipe, features_alone=False), folder, 6, False)
