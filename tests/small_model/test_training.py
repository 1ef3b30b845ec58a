"""The training command's parts on tiny data: it learns, resumes, keeps dev's favourite, and refuses odd recipes."""

from pathlib import Path

import pytest
import torch

from tests.tiny import LABELS, gold_post, tiny_network, tiny_tokenizer
from unco.errors import SettingsError, SetupError
from unco.evals.run_training import calibrate, mner_f1, recipe_path
from unco.small_model import training
from unco.small_model.pretrained import encoder_config, load_encoder
from unco.small_model.training import Recipe, read_recipe

RECIPE = Recipe(name="tiny", epochs=2, batch_size=4, encoder_lr=1e-3, new_lr=2e-3)


def test_recipes_are_read_and_unknown_settings_refused(tmp_path: Path) -> None:
    assert read_recipe(recipe_path("gmner-minilm")).name == "gmner-minilm"
    odd = tmp_path / "odd.yaml"
    odd.write_text("name: odd\nepoch: 3\n")
    with pytest.raises(SettingsError, match="epoch"):
        read_recipe(recipe_path(str(odd)))
    for content in ("{", "epochs: 3\n", "name: odd\nepochs: many\n"):
        odd.write_text(content)
        with pytest.raises(SettingsError, match="odd.yaml is not a recipe"):
            read_recipe(odd)
    with pytest.raises(SettingsError, match="gmner-minilm"):
        recipe_path("nothing")


def test_training_runs_scores_dev_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="needs the train extra")
    posts = [gold_post(str(index)) for index in range(16)]
    network = tiny_network().requires_grad_(True)
    before = network.encoder.piece.weight.clone()
    log = training.train(network, tiny_tokenizer(), RECIPE, posts, posts[:4], mner_f1, tmp_path / "run")
    assert len([entry for entry in log if "eval_f1" in entry]) == 2
    assert torch.equal(before, network.encoder.piece.weight), "word pieces stay frozen"
    assert (tmp_path / "run" / "checkpoint-8").is_dir()

    again = tiny_network(seed=1).requires_grad_(True)
    longer = Recipe(name="tiny", epochs=3, batch_size=4, encoder_lr=1e-3, new_lr=2e-3)
    log = training.train(again, tiny_tokenizer(), longer, posts, posts[:4], mner_f1, tmp_path / "run", resume=True)
    assert [entry["epoch"] for entry in log if "eval_f1" in entry] == [1.0, 2.0, 3.0]


def test_calibration_fits_normaliser_and_thresholds_on_dev() -> None:
    posts = [gold_post(str(index)) for index in range(6)]
    bare = training.bare_predictor(tiny_network(), tiny_tokenizer())
    predictor = calibrate(bare, posts, posts, RECIPE)
    inputs = [training.with_simulated_regions(post, training.entity_names(posts)) for post in posts]
    values = [entity.uncertainty.region for entities in predictor.predict(inputs) for entity in entities]
    assert min(values) == 0.0
    assert max(values) == 1.0
    assert predictor.mc.passes == 10


def test_an_encoder_saved_by_transformers_gives_the_same_states(tmp_path: Path) -> None:
    """The real loading code on a tiny random checkpoint in its own format; ours must compute what theirs computes."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=76,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    theirs = transformers.BertModel(config).eval()
    theirs.save_pretrained(tmp_path)
    network = tiny_network()
    assert encoder_config(tmp_path).hidden == 32
    load_encoder(network, tmp_path)
    ids = torch.randint(0, 76, (2, 9))
    mask = torch.ones(2, 1, 1, 9, dtype=torch.bool)
    own = network.encoder
    with torch.inference_mode():
        x = own.norm(own.piece(ids) + own.position(torch.arange(9)))
        for layer in own.layers:
            x = layer(x, mask, lambda value, _: value)
        assert torch.allclose(x, theirs(ids).last_hidden_state, atol=1e-5)
    assert len(LABELS) == len(network.config.labels)


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is missing"):
        encoder_config(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bart"}')
    with pytest.raises(SetupError, match="BERT-shaped"):
        encoder_config(tmp_path)
