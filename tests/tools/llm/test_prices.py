"""Cost: tokens times price, by hand; what is unknown stays unknown."""

from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.tools.llm.prices import Price, cost_usd, read_prices, shipped_prices

PRICE = Price(pattern="x", input=2.0, cached_input=0.5, output=10.0)


def test_by_hand() -> None:
    assert cost_usd(PRICE, 1_000_000, 0) == 2.0
    assert cost_usd(PRICE, 1000, 100) == pytest.approx(0.002 + 0.001)
    assert cost_usd(PRICE, 1000, 100, cached=600) == pytest.approx(0.0008 + 0.0003 + 0.001)
    assert cost_usd(Price(pattern="x", input=2.0, output=10.0), 1000, 0, cached=600) == pytest.approx(0.002)
    assert cost_usd(Price(pattern="x", input=0, output=0), 1000, 100) == 0.0


@pytest.mark.parametrize(("price", "input_tokens", "output_tokens"), [(None, 1, 1), (PRICE, None, 1), (PRICE, 1, None)])
def test_unknown_is_not_zero(price: Price | None, input_tokens: int | None, output_tokens: int | None) -> None:
    assert cost_usd(price, input_tokens, output_tokens) is None


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("gpt-4o-2024-08-06", 2.50),
        ("GPT-4o-mini", 0.15),
        ("gpt-4.1", 2.00),
        ("gpt-5-2025-08-07", 1.25),
        ("models/gemini-2.5-pro", 1.25),
        ("gpt-5.4", None),
        ("Qwen/Qwen2.5-VL-7B-Instruct", None),
        ("authored-demo", None),
    ],
)
def test_the_shipped_table_knows_its_models_and_no_others(model: str, dollars: float | None) -> None:
    found = shipped_prices().of(model)
    assert (found.input if found else None) == dollars


@pytest.mark.parametrize(
    "text",
    [
        "models: []",
        "version: 1\nmodels: [{pattern: '(', input: 1, output: 1}]",
        "[",
        "version: 1\nmodels: [{input: -1}]",
    ],
)
def test_what_is_no_price_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="is no price table"):
        read_prices(path)
