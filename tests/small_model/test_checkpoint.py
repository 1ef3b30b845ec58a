"""Checkpoints: loading gives back what was saved, and broken files are refused with advice."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import fitted_predictor, tiny_predictor
from unco.errors import MAX_MESSAGE_CHARACTERS, SettingsError, SetupError
from unco.small_model.checkpoint import Calibration, from_pretrained, save_pretrained
from unco.small_model.config import ESTIMATORS
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.stored.in_torch import arrays_of, round_weights
from unco.small_model.stored.quantise import SCALE, dequantise, quantise, read_weights
from unco.small_model.uncertainty.boosted_trees import BoostedTrees, Tree
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.small_model.uncertainty.region_signals import EARLIER_REGION_SIGNALS, REGION_SIGNALS
from unco.small_model.uncertainty.regression import Regression
from unco.training.model_card import read_report, score_table
from unco.types import Thresholds

POST = ModelInput(("Ann", "Lee", "plays", "for", "Blue", "Owls"))


FITTED = {
    "entropy": Calibration(log_cardinality(2, 10, 4), Thresholds(0.4, 0.3, 0.5)),
    "mc_decoder": Calibration(log_cardinality(3, 11, 5), Thresholds(0.1, 0.2, 0.3)),
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    save_pretrained(tiny_predictor(), "entropy", {"tiny": FITTED, "names": FITTED}, folder, {"data": "none"})
    return folder


@given(st.integers(0, 2**31))
def test_int8_is_off_by_at_most_half_a_step(seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix, vector = random.standard_normal((5, 7), np.float32), random.standard_normal(5, np.float32)
    back = dequantise(quantise({"m": matrix, "v": vector}))
    assert back.keys() == {"m", "v"}
    step = np.abs(matrix).max(1, keepdims=True) / 127
    assert (np.abs(back["m"] - matrix) <= 0.5 * step + 1e-6).all()
    assert np.array_equal(back["v"], vector)


def test_quantising_twice_changes_nothing() -> None:
    once = dequantise(quantise({"m": np.random.default_rng(0).standard_normal((4, 9), np.float32)}))
    assert np.allclose(dequantise(quantise(once))["m"], once["m"], atol=1e-7)
    assert f"m{SCALE}" in quantise(once)


def test_a_loaded_checkpoint_predicts_as_its_weights_do(saved: Path) -> None:
    original = tiny_predictor().with_estimator(ESTIMATORS["entropy"])
    round_weights(original.network.in_torch)
    loaded = from_pretrained(saved)
    assert loaded.to("cpu").predict([POST]) == original.predict([POST])
    assert loaded.predict([POST])[0], "the tiny network should say something"
    assert (loaded.thresholds, loaded.normaliser) == (original.thresholds, original.normaliser)
    assert from_pretrained(saved) is loaded
    assert from_pretrained(str(saved)).predict([POST]) == loaded.predict([POST])


def test_what_a_checkpoint_learns_further_is_not_rounded_away(saved: Path, tmp_path: Path) -> None:
    """Training goes on from int8 weights, and may move each by less than half a step."""
    trained = from_pretrained(saved)
    state = arrays_of(trained.network.in_torch)
    [name] = [name for name in state if name.startswith("encoder.layers.0") and name.endswith("query.weight")]
    moved = {**state, name: state[name] + 0.2 * np.abs(state[name]).max(1, keepdims=True) / 127}
    moved["encoder.piece.weight"] = dequantise(read_weights(saved / "model.safetensors"))["encoder.piece.weight"]
    network = Network(trained.network.config)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in moved.items()})
    for keep in (False, True):
        folder, fitted = tmp_path / str(keep), {"tiny": FITTED, "names": FITTED}
        save_pretrained(replace(trained, network=network), "entropy", fitted, folder, {"data": "none"}, keep)
        loaded = from_pretrained(folder)
        assert np.allclose(arrays_of(loaded.network.in_torch)[name], moved[name], atol=1e-7) == keep
        round_weights(network, keep)
        measured = replace(trained, network=network.eval()).predict([POST])
        assert loaded.to("cpu").predict([POST]) == measured, "what is measured is what is shipped"
        network.load_state_dict({name: torch.from_numpy(array) for name, array in moved.items()})


def test_a_rewritten_folder_is_loaded_again(saved: Path) -> None:
    before = from_pretrained(saved)
    save_pretrained(tiny_predictor(seed=7), "entropy", {"tiny": FITTED}, saved, {"data": "other"})
    after = from_pretrained(saved)
    new, old = (arrays_of(one.network.in_torch)["tagger.weight"] for one in (after, before))
    assert not np.array_equal(new, old)


def test_scheme_and_estimator_bring_what_was_fitted_for_them(saved: Path) -> None:
    first, other = from_pretrained(saved), from_pretrained(saved, "names", "mc_decoder")
    assert other.network is first.network, "the weights are loaded once"
    assert {found.type for found in other.predict([POST])[0]} == {"NAME"}
    assert (other.estimator, other.thresholds) == (ESTIMATORS["mc_decoder"], Thresholds(0.1, 0.2, 0.3))
    assert other.normaliser == log_cardinality(3, 11, 5)
    with pytest.raises(SettingsError, match="no label scheme 'fmnerg': choose tiny, names"):
        from_pretrained(saved, "fmnerg")
    with pytest.raises(SettingsError, match="no estimator 'magic': choose entropy, mc_decoder"):
        from_pretrained(saved, estimator="magic")


def test_fitted_regressions_and_training_names_are_loaded(tmp_path: Path) -> None:
    of_regions = Regression(tuple(i / 9 for i in range(REGION_SIGNALS)), 0.1)
    learned = fitted_predictor(span=Regression(tuple(i / 7 for i in range(12)), -0.3))
    learned = replace(learned, region_regression=of_regions)
    fitted = {"learned": FITTED["entropy"]}
    save_pretrained(learned, "learned", {"tiny": fitted}, tmp_path, {"data": "none"})
    loaded = from_pretrained(tmp_path)
    assert (loaded.span_regression, loaded.type_regressions) == (learned.span_regression, learned.type_regressions)
    assert loaded.region_regression == of_regions
    # Names are kept in one byte a number, as all matrices.
    ours_known, loaded_known = learned.training_names, loaded.training_names
    assert ours_known is not None
    assert loaded_known is not None
    for name, array in ours_known.state().items():
        kept = loaded_known.state()[name]
        assert kept.dtype == array.dtype
        assert np.allclose(kept, array, atol=float(np.abs(array).max()) / 127)
    ours, theirs = loaded.predict([POST])[0], learned.with_estimator(ESTIMATORS["learned"]).predict([POST])[0]
    assert 0 < ours[0].nats.span < 1
    assert [item.nats.type for item in ours] == pytest.approx([item.nats.type for item in theirs], abs=0.02)


def test_trees_of_a_region_s_doubt_are_loaded(tmp_path: Path) -> None:
    tree = Tree((0, 1, 2, 3, 4, 5, REGION_SIGNALS - 1), (0.5,) * 7, tuple(0.1 * leaf for leaf in range(8)))
    trees = BoostedTrees((tree, tree), -0.7)
    learned = replace(fitted_predictor(), region_regression=trees)
    save_pretrained(learned, "learned", {"tiny": {"learned": FITTED["entropy"]}}, tmp_path, {"data": "none"})
    assert from_pretrained(tmp_path).region_regression == trees


def test_an_older_checkpoint_without_training_names_is_loaded(tmp_path: Path) -> None:
    """Its `learned` reads the type off the tags."""
    older = replace(fitted_predictor(), training_names=None, type_regressions={})
    save_pretrained(older, "learned", {"tiny": {"learned": FITTED["entropy"]}}, tmp_path, {"data": "none"})
    data = json.loads((tmp_path / "config.json").read_text())
    del data["type_regressions"], data["region_regression"], data["estimators"]["learned"]["type"]
    (tmp_path / "config.json").write_text(json.dumps(data))
    loaded = from_pretrained(tmp_path)
    found, tags = loaded.predict([POST])[0], loaded.with_estimator(ESTIMATORS["tags"])
    assert [item.nats.type for item in found] == pytest.approx([item.nats.type for item in tags.predict([POST])[0]])


def test_a_source_that_is_no_folder_is_fetched_from_the_hub_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(SetupError, match="nobody/nothing is neither a folder nor a model that can be fetched"):
        from_pretrained("nobody/nothing")


def test_a_folder_without_a_checkpoint_says_which_folder_has_one(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="holds no checkpoint, as it has no config.json: name the folder that"):
        from_pretrained(tmp_path)


def test_the_folder_of_a_training_run_names_its_checkpoint(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    shutil.copytree(saved, tmp_path / "run" / "checkpoint")
    with pytest.raises(SetupError, match=r"run is the folder of a training run: its checkpoint is .*run/checkpoint"):
        from_pretrained(tmp_path / "run")


def test_a_truncated_file_is_refused(saved: Path) -> None:
    weights = saved / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(SetupError, match="not the file that config.json was written for"):
        from_pretrained(saved)


def test_another_format_and_missing_files_are_refused(saved: Path) -> None:
    config = saved / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "format": 99}))
    with pytest.raises(SetupError, match="format 2"):
        from_pretrained(saved)
    with pytest.raises(SetupError, match="nowhere holds no checkpoint"):
        from_pretrained(saved / "nowhere")


def test_weights_of_another_shape_are_refused(saved: Path) -> None:
    config = saved / "config.json"
    data = json.loads(config.read_text())
    data["model"]["decoder_layers"] = 1
    config.write_text(json.dumps(data))
    with pytest.raises(SetupError, match="does not hold a checkpoint of this version"):
        from_pretrained(saved)


def test_the_shipped_checkpoint_is_small_and_has_its_card() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 60_000_000
    data = json.loads((SHIPPED / "config.json").read_text())
    card = (SHIPPED / "README.md").read_text()
    assert score_table(read_report(data)) in card
    assert data["origin"]["started_from"]["sha256"] in card


def test_the_shipped_checkpoint_finds_plain_names() -> None:
    (entities,) = from_pretrained().predict([ModelInput(tuple("Grace Hopper joined the US Navy in Boston .".split()))])
    found = {(entity.span.start, entity.span.stop): entity.type for entity in entities}
    assert found.get((0, 2)) == "PER"
    assert found.get((7, 8)) == "LOC"


def test_threads_share_one_copy(saved: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(from_pretrained, [saved] * 8))
    assert all(one is loaded[0] for one in loaded)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("tokenizer.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"format": 2}'),
        ("config.json", "{"),
    ],
)
def test_broken_files_are_refused(saved: Path, file: str, content: str) -> None:
    (saved / file).write_text(content)
    with pytest.raises(SetupError):
        from_pretrained(saved)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("estimators", "entropy", "measure"), "odd"),
        (("calibrations", "tiny", "entropy", "thresholds", "span"), 2),
    ],
)
def test_impossible_values_are_refused(saved: Path, where: tuple[str, ...], value: object) -> None:
    config = saved / "config.json"
    data = json.loads(config.read_text())
    inner = data
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = value
    config.write_text(json.dumps(data))
    with pytest.raises(SetupError, match="does not hold a checkpoint"):
        from_pretrained(saved)


def test_many_impossible_values_are_told_in_short(saved: Path) -> None:
    config = saved / "config.json"
    tree = {"features": [0.5] * 7, "thresholds": [0.0] * 7, "leaves": [0.0] * 8}
    data = json.loads(config.read_text()) | {"region_regression": {"trees": [tree] * 500, "bias": 0.0}}
    config.write_text(json.dumps(data))
    with pytest.raises(SetupError, match="does not hold a checkpoint of this version: .*BoostedTrees") as caught:
        from_pretrained(saved)
    assert len(str(caught.value)) < 2 * MAX_MESSAGE_CHARACTERS


def test_regressions_and_names_of_another_network_are_refused(tmp_path: Path) -> None:
    fitted = {"tiny": {"learned": FITTED["entropy"]}}
    known = fitted_predictor().training_names
    assert known is not None
    for learned in (
        fitted_predictor(span=Regression((1.0,), 0.0)),
        replace(fitted_predictor(), type_regressions={"tiny": Regression((1.0, 2.0, 3.0), 0.0)}),
        replace(fitted_predictor(), region_regression=Regression((1.0, 2.0), 0.0)),
        replace(fitted_predictor(), region_regression=BoostedTrees((Tree((41,) * 7, (0.0,) * 7, (0.0,) * 8),), 0.0)),
        replace(fitted_predictor(), training_names=replace(known, types=known.types + 7)),
    ):
        save_pretrained(learned, "learned", fitted, tmp_path, {"data": "none"})
        with pytest.raises(
            SetupError, match="does not hold a checkpoint of this version: (a regression|its known|boosted trees)"
        ):
            from_pretrained(tmp_path)


def test_a_loaded_network_has_the_numbers_of_the_saved_one(saved: Path) -> None:
    stored = dequantise(read_weights(saved / "model.safetensors"))
    loaded = from_pretrained(saved).network.in_torch
    state = arrays_of(loaded)
    assert state.keys() == stored.keys()
    assert all(np.array_equal(value, stored[name]) for name, value in state.items())
    pieces = torch.tensor([[3, 0], [5, 3]])
    assert np.array_equal(loaded.encoder.piece(pieces).numpy(), stored["encoder.piece.weight"][pieces])


def test_a_region_doubt_of_an_earlier_version_stays_what_it_was(tmp_path: Path) -> None:
    earlier = Regression(tuple(0.1 * i for i in range(EARLIER_REGION_SIGNALS)), 0.3)
    older, fitted = replace(fitted_predictor(), region_regression=earlier), {"tiny": {"learned": FITTED["entropy"]}}
    save_pretrained(older, "learned", fitted, tmp_path, {"data": "none"})
    loaded = from_pretrained(tmp_path).region_regression
    assert loaded is not None
    row = tuple((-1.0) ** i / (1 + i) for i in range(REGION_SIGNALS))
    assert loaded(row) == pytest.approx(earlier(row[:EARLIER_REGION_SIGNALS]))
