"""The small model's benchmarks: each runs, and ways that must agree agree; how fast is no business of a test."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from benchmarks import mc_cost, peak_memory
from benchmarks.mc_cost import NAIVE, Case, deterministic, estimated, make_case, measure_mc_cost, naive, savings
from benchmarks.paper_size import measure_paper_size
from benchmarks.posts import typical_posts
from benchmarks.roofline import Lengths, Work, multiply_adds, weight_bytes
from benchmarks.throughput import measure_throughput
from benchmarks.timing import Measured
from benchmarks.transformers_way import WORDS, generate, make_pair, measure_transformers
from tests.tiny import LABELS, TINY, fitted_predictor, tiny_network, tiny_predictor
from unco.small_model.batch import Batch
from unco.small_model.checkpoint import load_tokenizer
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.symbols import FIRST_TYPE
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.predictor import Predictor

CPU = torch.device("cpu")
ROOMY = replace(TINY, positions=400)  # its pieces are single letters


def roomy_predictor(config: ModelConfig = ROOMY) -> Predictor:
    return fitted_predictor(replace(tiny_predictor(), network=tiny_network(config=config)))


def only_batch(case: Case) -> Batch:
    ((batch, _),) = case.batches
    return batch


def test_typical_posts_are_as_long_as_real_ones() -> None:
    posts = typical_posts()
    tokenizer = load_tokenizer(SHIPPED / "tokenizer.json")
    pieces = [len(tokenizer.encode(" ".join(post.words), add_special_tokens=False).ids) for post in posts]
    assert len({post.words for post in posts}) == 32
    assert sum(len(post.words) for post in posts) / 32 == pytest.approx(16, abs=1)
    assert sum(pieces) / 32 == pytest.approx(22, abs=1)


def test_multiply_adds_by_hand() -> None:
    # d = 2, inner 3, one layer each, 2 labels; 4 pieces, 3 words, 1 region, 2 steps.
    config = ModelConfig(labels=LABELS, hidden=2, heads=1, feed_forward=3, encoder_layers=1, decoder_layers=1)
    # 4 x (16 + 12) + 2 x 16 x 2 = 176; cross keys and values 2 x 4 x 4 = 32; pointer keys 4 x (2 x 3 + 1) = 28
    # the region: 2 x 4 + 8 x 2 = 24
    # a step: 24 + 12, looks 2 x 2 x 4 = 16, heads 8 + 2 x (5 + 4) = 26: 78; two of them, and 2 x (2 x 3) for own looks
    # a pass has one step, <end> is left out: 78 and 2 x (1 x 2) for its own look
    found = multiply_adds(config, [Lengths(4, 3, 1, 2)], passes=10)
    assert found == Work(encode=260, decode=168, passes=820)
    assert found.ratio == pytest.approx(1 + 820 / 428)
    assert multiply_adds(config, [Lengths(4, 3, 1, 2)] * 2, 10) == Work(520, 336, 1640)


def test_weight_bytes_by_hand() -> None:
    config = ModelConfig(labels=LABELS, hidden=2, heads=1, feed_forward=3, encoder_layers=1, decoder_layers=1)
    # encoder 16 + 12, cross 8, keys 3 x 4: 48; a step 24 + 12, specials 2 x 5, pointer and region 8: 54; 4 bytes each
    assert weight_bytes(config) == Work(encode=192, decode=216, passes=216)


def test_without_dropout_the_naive_way_gives_the_same_means() -> None:
    case = make_case(roomy_predictor(replace(ROOMY, dropout=0.0)), 8, CPU)
    ours = estimated(case, "entropy")[0].symbols
    decoded = deterministic(case)[0]
    assert decoded.symbols.shape[1] > 4
    (theirs,) = naive(replace(case, heads="decoder"), case.network)
    assert theirs.shape == ours.shape
    assert np.allclose(theirs, ours, atol=1e-5)


def test_dropout_in_the_naive_way_is_on() -> None:
    case = make_case(roomy_predictor(), 8, CPU)
    (off,) = naive(case, case.network)
    (on,) = naive(case, make_case(roomy_predictor(), 8, CPU).network.train())
    assert on.shape != off.shape or not np.allclose(on, off, atol=1e-3)


def test_savings_are_against_the_naive_way() -> None:
    rows = [Measured("deterministic", 1.0), Measured("ours", 1.5), Measured("lucky", 0.9), Measured(NAIVE, 11.0)]
    assert savings(rows) == ["-", "20.0 x less", "-", "1.0 x less"]


def test_each_way_of_monte_carlo_is_timed() -> None:
    ((title, rows, roofline),) = measure_mc_cost(roomy_predictor(), sizes=[8], rounds=1)[:1]
    assert "batches of 8" in title
    assert [row.name for row in rows] == ["deterministic", "learned", "mc_decoder", "mc_encoder", mc_cost.NAIVE]
    assert "by multiply-adds" in roofline


def test_transformers_reads_the_same_weights() -> None:
    predictor = roomy_predictor()
    pair = make_pair(predictor)
    arrays = only_batch(make_case(replace(predictor, network=pair.network), 8, CPU))
    batch = pair.network.tensors(arrays)
    with torch.inference_mode():
        theirs = pair.model.model.encoder(batch.piece_ids, batch.piece_mask.long()).last_hidden_state
        ours = pair.network.encoder.lower(batch, len(pair.network.encoder.layers))
    assert torch.allclose(theirs[batch.piece_mask], ours[batch.piece_mask], atol=1e-5)
    assert generate(pair.model, arrays, 5).shape == (8, 6)
    assert pair.model.lm_head.out_features == FIRST_TYPE + 2 + WORDS, "as many symbols as we choose from"


def test_transformers_is_timed_beside_us() -> None:
    ((_, rows),) = measure_transformers(roomy_predictor(), sizes=[8], rounds=1)
    assert len(rows) == 5


def test_throughput_is_a_row_for_each_estimator_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.throughput.peak_of_process", lambda *_: 7.0)
    table = measure_throughput(roomy_predictor(), sizes=[1, 8], rounds=1)[0]
    assert table.row_count == 6


def test_peak_memory_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(peak_memory, "from_pretrained", lambda folder: roomy_predictor())
    monkeypatch.setattr("sys.argv", ["peak_memory", "entropy", "2", str(Path())])
    peak_memory.main()
    assert float(capsys.readouterr().out) > 10


def test_the_papers_size_runs_at_a_tiny_one() -> None:
    tables = measure_paper_size(replace(TINY, visual_features=5), sizes=[1, 3], rounds=1)
    assert [len(rows) for _, rows, _ in tables] == [2, 2]


def test_an_unknown_section_is_refused() -> None:
    from typer import Typer

    from benchmarks.__main__ import SECTIONS, main
    from unco.errors import SettingsError

    app = Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["none"])
    assert isinstance(result.exception, SettingsError)
    assert all(name in str(result.exception) for name in SECTIONS)
