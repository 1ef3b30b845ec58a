"""Loading of pretrained models, on tiny random checkpoints saved by transformers: our layers compute the same."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from tests.small_model.saved_models import save, save_tokenizer
from tests.tiny import LABELS, byte_tokenizer
from unco.errors import SettingsError, SetupError
from unco.small_model.batch import Batch, encode_post, make_batch
from unco.small_model.config import ESTIMATORS
from unco.small_model.decoding.symbols import FIRST_TYPE, REGION
from unco.small_model.model_input import ModelInput
from unco.small_model.network.encoder import TextEncoder
from unco.small_model.network.foreign_encoder import ForeignEncoder
from unco.small_model.network.model import Network
from unco.small_model.network.pretrained import start_network

POSTS = [ModelInput(("Ann", "Lee", "sings")), ModelInput(("in", "Oslo"), caption="a stage")]
OURS = ("bert", "roberta", "bart")


def batch_for(tokenizer: Tokenizer) -> Batch:
    return make_batch([encode_post(post, tokenizer) for post in POSTS], tokenizer)


@pytest.mark.parametrize("kind", [*OURS, "distilbert", "deberta", "t5"])
@torch.inference_mode()
def test_our_encoder_gives_the_states_of_theirs(kind: str, tmp_path: Path) -> None:
    model = save(tmp_path, kind)
    network, tokenizer = start_network(tmp_path, labels=LABELS)
    network.eval()
    batch = network.tensors(batch_for(tokenizer))
    encoder = model.get_encoder() if model.config.is_encoder_decoder else model
    theirs = encoder(input_ids=batch.piece_ids, attention_mask=batch.piece_mask.long()).last_hidden_state
    if isinstance(network.encoder, TextEncoder):
        states = network.encoder.lower(batch, len(network.encoder.layers))
    else:
        states = network.encoder.model(
            inputs_embeds=network.encoder.piece(batch.piece_ids), attention_mask=batch.piece_mask.long()
        ).last_hidden_state
    real = batch.piece_mask
    assert isinstance(network.encoder, TextEncoder if kind in OURS else ForeignEncoder)
    assert torch.allclose(states[real], theirs[real], atol=1e-5)
    words = network.encoder(batch)
    first = (batch.word_of_piece[0] == 0).nonzero().flatten()
    assert torch.allclose(words[0, 0], theirs[0, first].mean(0), atol=1e-5), "a word is the mean of its pieces"


@torch.inference_mode()
def test_bart_s_decoder_is_ours_too(tmp_path: Path) -> None:
    """Fed with the same states, our decoder's layers compute what BART's compute."""
    model = save(tmp_path, "bart")
    network, tokenizer = start_network(tmp_path, labels=LABELS, decoder_layers=1)
    assert network.config.decoder_layers == 2, "BART brings its decoder"
    encoded = network.eval().encode(batch_for(tokenizer))
    symbols = torch.tensor([[1, REGION, FIRST_TYPE], [1, REGION, FIRST_TYPE]])
    ours, _ = network.decoder(symbols, encoded)
    theirs = model.decoder(
        inputs_embeds=network.decoder.symbol(symbols),
        encoder_hidden_states=encoded.words,
        encoder_attention_mask=encoded.mask[:, 0, 0, :].long(),
    ).last_hidden_state
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_a_fresh_decoder_starts_from_the_encoder_s_top(tmp_path: Path) -> None:
    save(tmp_path, "bert")
    network, _ = start_network(tmp_path, labels=LABELS, decoder_layers=2)
    top, last = network.encoder.layers[-1].state_dict(), network.decoder.layers[-1].state_dict()
    assert torch.equal(last["attention.query.weight"], top["attention.query.weight"])
    assert torch.equal(last["cross.query.weight"], top["attention.query.weight"])
    assert not torch.equal(
        last["attention.query.weight"], network.encoder.layers[0].state_dict()["attention.query.weight"]
    )


def test_label_vectors_start_from_their_descriptions(tmp_path: Path) -> None:
    save(tmp_path, "bert")
    network, tokenizer = start_network(tmp_path, labels=LABELS)
    pieces = tokenizer.encode(" PER: A person.", add_special_tokens=False).ids
    expected = network.encoder.piece.weight[pieces].mean(0)
    assert torch.allclose(network.decoder.symbol.weight[FIRST_TYPE], expected)


def test_a_foreign_encoder_is_saved_loaded_and_not_sampled(tmp_path: Path) -> None:
    save(tmp_path, "distilbert")
    network, tokenizer = start_network(tmp_path, labels=LABELS)
    again = Network(network.config)
    again.load_state_dict(network.state_dict())
    batch = batch_for(tokenizer)
    assert torch.equal(*(one.eval().encoder(one.tensors(batch)) for one in (again, network)))
    assert ESTIMATORS["mc_encoder"].sampling.encoder_layers
    with pytest.raises(SettingsError, match="cannot be sampled"):
        network.encoder.lower(network.tensors(batch), 0)


@pytest.mark.parametrize("kind", ["electra", "albert"])
def test_narrow_word_pieces_are_refused(kind: str, tmp_path: Path) -> None:
    save(tmp_path, kind)
    with pytest.raises(SetupError, match="word pieces have 16 numbers and whose states have 32"):
        start_network(tmp_path, labels=LABELS)


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 64}, "fetch it again|do not fit|holds no weights"),
        ({"hidden_act": "relu"}, "activation 'relu'"),
        ({"model_type": "vit", "vocab_size": None}, "a vit model is no text encoder"),
        ({"model_type": "unheard-of"}, "no configuration that transformers can read"),
        ({"num_hidden_layers": 5}, "lacks 32 of the model's weights"),
    ],
)
def test_configurations_that_do_not_fit_are_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    save(tmp_path, "bert")
    change_config(tmp_path, **changes)
    with pytest.raises(SetupError, match=message):
        start_network(tmp_path, labels=LABELS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decoder_ffn_dim": 32}, "an encoder of"),
        ({"scale_embedding": True}, "scaled embeddings"),
        ({"activation_function": "relu"}, "activation 'relu'"),
    ],
)
def test_kinds_of_bart_that_are_not_read(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    save(tmp_path, "bart", **changes)
    with pytest.raises(SetupError, match=message):
        start_network(tmp_path, labels=LABELS)


def test_missing_files_and_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="holds no configuration"):
        start_network(tmp_path, labels=LABELS)
    save(tmp_path, "bert")
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SetupError, match="holds no weights as safetensors"):
        start_network(tmp_path, labels=LABELS)
    weights.unlink()
    with pytest.raises(SetupError, match="holds no weights as safetensors"):
        start_network(tmp_path, labels=LABELS)
    weights.write_bytes(whole)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(SetupError, match="holds no tokenizer"):
        start_network(tmp_path, labels=LABELS)


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "bert")
    save_tokenizer(tmp_path, byte_tokenizer())
    with pytest.raises(SetupError, match=r"has \d+ pieces, the model beside it 76"):
        start_network(tmp_path, labels=LABELS)
