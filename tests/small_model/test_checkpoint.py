"""Checkpoints: what is saved is what is loaded, and what is broken is refused with a word of what to do."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import tiny_predictor
from unco.errors import SetupError
from unco.small_model.checkpoint import SCALE, SHIPPED, dequantise, load_checkpoint, quantise, save_checkpoint
from unco.small_model.predictor import ModelInput

POST = ModelInput(("Ann", "Lee", "plays", "for", "Blue", "Owls"))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    save_checkpoint(tiny_predictor(), folder, {"data": "none"})
    return folder


@given(st.integers(0, 2**31))
def test_int8_is_off_by_at_most_half_a_step(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix, vector = torch.randn(5, 7, generator=generator), torch.randn(5, generator=generator)
    back = dequantise(quantise({"m": matrix, "v": vector, "tagger.weight": matrix}))
    assert back.keys() == {"m", "v"}
    step = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert bool(((back["m"] - matrix).abs() <= 0.5 * step + 1e-6).all())
    assert torch.equal(back["v"], vector)


def test_quantising_twice_changes_nothing() -> None:
    once = dequantise(quantise({"m": torch.randn(4, 9)}))
    assert torch.allclose(dequantise(quantise(once))["m"], once["m"], atol=1e-7)
    assert f"m{SCALE}" in quantise(once)


def test_a_loaded_checkpoint_says_what_its_weights_say(saved: Path) -> None:
    original = tiny_predictor()
    original.network.load_state_dict(dequantise(quantise(original.network.state_dict())), strict=False)
    loaded = load_checkpoint(saved)
    assert loaded.predict([POST]) == original.predict([POST])
    assert (loaded.mc, loaded.thresholds, loaded.normaliser) == (original.mc, original.thresholds, original.normaliser)
    assert load_checkpoint(saved) is loaded


def test_a_truncated_file_is_refused(saved: Path) -> None:
    weights = saved / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(SetupError, match="not the file that config.json was written for"):
        load_checkpoint(saved)


def test_another_format_and_missing_files_are_refused(saved: Path) -> None:
    config = saved / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "format": 99}))
    with pytest.raises(SetupError, match="format 1"):
        load_checkpoint(saved)
    with pytest.raises(SetupError, match="cannot be read"):
        load_checkpoint(saved / "nowhere")


def test_weights_of_another_shape_are_refused(saved: Path) -> None:
    config = saved / "config.json"
    data = json.loads(config.read_text())
    data["model"]["decoder_layers"] = 1
    config.write_text(json.dumps(data))
    with pytest.raises(SetupError, match="does not hold a checkpoint of this version"):
        load_checkpoint(saved)


def test_the_shipped_checkpoint_is_small_and_has_its_card() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 60_000_000
    data = json.loads((SHIPPED / "config.json").read_text())
    card = (SHIPPED / "README.md").read_text()
    assert f"{100 * data['origin']['report']['test']['f1']:.2f}" in card
    assert data["origin"]["started_from"]["sha256"] in card


def test_the_shipped_checkpoint_finds_plain_names() -> None:
    (entities,) = load_checkpoint().predict([ModelInput(tuple("Grace Hopper joined the US Navy in Boston .".split()))])
    found = {(entity.span.start, entity.span.stop): entity.type for entity in entities}
    assert found.get((0, 2)) == "PER"
    assert found.get((7, 8)) == "LOC"


def test_threads_share_one_copy(saved: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(load_checkpoint, [saved] * 8))
    assert all(one is loaded[0] for one in loaded)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("tokenizer.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"format": 1}'),
        ("config.json", "{"),
    ],
)
def test_broken_files_are_refused(saved: Path, file: str, content: str) -> None:
    (saved / file).write_text(content)
    with pytest.raises(SetupError):
        load_checkpoint(saved)


@pytest.mark.parametrize("change", [{"span_variant": "odd"}, {"thresholds": {"span": 2, "type": 0, "region": 0}}])
def test_values_that_cannot_be_are_refused(saved: Path, change: dict[str, object]) -> None:
    config = saved / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **change}))
    with pytest.raises(SetupError, match="does not hold a checkpoint"):
        load_checkpoint(saved)
