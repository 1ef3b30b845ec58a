"""A budget's plan: the most uncertain first, nothing over the cap, nobody forgotten."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import extraction
from unco.context import Context
from unco.nodes.plan_calls import PROMPT_TOKENS, calls_for, plan_calls
from unco.nodes.questions.question import MAX_POST_ANSWER_TOKENS
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.prices import Price, Prices
from unco.types import ATTRIBUTES, Extraction, Span, Uncertainty

TOKENS = tuple("abcdefgh")


def post(*uncertainties: tuple[float, float, float]) -> Extraction:
    entities = [(Span(i, i + 1), "PER", None, Uncertainty(*values)) for i, values in enumerate(uncertainties)]
    return extraction(TOKENS, entities)


def test_by_hand() -> None:
    found = post((0.9, 0.1, 0.6), (0.1, 0.95, 0.6))
    assert plan_calls(found, 2) == {0: {"span": 1, "region": 0}, 1: {"type": 1, "region": 0}}
    assert plan_calls(found, 3) == {0: {"span": 1, "region": 1}, 1: {"type": 1, "region": 0}}
    assert plan_calls(found, 5) == {0: {"span": 1, "region": 1}, 1: {"type": 2, "region": 1}}
    assert plan_calls(found, 99) == {0: {"span": 2, "region": 2}, 1: {"type": 2, "region": 2}}
    assert plan_calls(post((0.1, 0.1, 0.1)), 5) == {}


Uncertainties = tuple[float, float, float]
"""Uncertainties of an entity's span, type and region."""
share = st.floats(0, 1)
uncertainties = st.lists(st.tuples(share, share, share), max_size=8)


@given(uncertainties, st.integers(0, 60))
def test_no_more_than_the_cap_and_a_second_call_only_when_all_have_one(values: list[Uncertainties], calls: int) -> None:
    found = post(*values)
    grants = plan_calls(found, calls)
    granted = [count for grant in grants.values() for count in grant.values()]
    routed = [
        entity.uncertainty.of(name) > found.thresholds.of(name) for entity in found.entities for name in ATTRIBUTES
    ]
    assert len(granted) == sum(routed)
    assert sum(granted) == min(calls, 2 * len(granted))
    assert not {0, 2} <= set(granted)


@given(uncertainties, st.integers(0, 24))
def test_what_is_cut_is_not_more_uncertain_than_what_is_asked(values: list[Uncertainties], calls: int) -> None:
    found = post(*values)
    grants = plan_calls(found, calls)
    counts = [
        (found.entities[i].uncertainty.of(name), count) for i, grant in grants.items() for name, count in grant.items()
    ]
    cut, asked = [u for u, count in counts if count == 0], [u for u, count in counts if count > 0]
    assert not (cut and asked) or max(cut) <= min(asked)


def priced(model: str, dollars: float, **settings: Any) -> Mllm:
    """An MLLM whose tokens cost so much for a million, in and out."""
    price = Price(pattern="^" + model, input=dollars, output=dollars, picture_tokens=3000)
    terms = Terms(prices=Prices(version="t", models=(price,)), budget=Budget(Caps(calls=5)))
    return Mllm("http://127.0.0.1:9/v1", model, terms=terms, **settings)


TEXT = "a" * 100
MAX_USD = (PROMPT_TOKENS + 2 * 100 + 3000 + MAX_POST_ANSWER_TOKENS) / 1e6


def test_the_strictest_cap_counts() -> None:
    llm = priced("m", 1.0)
    assert calls_for(Context(), Mllm(), TEXT) is None
    assert calls_for(Context(), llm, TEXT) == 5
    assert calls_for(Context(post_calls=3), llm, TEXT) == 3
    assert calls_for(Context(post_usd=2.5 * MAX_USD), llm, TEXT) == 2
    assert calls_for(Context(post_usd=1.0, model="unknown"), llm, TEXT) == 0


def test_the_most_expensive_model_of_a_chain_counts() -> None:
    chain = priced("local", 0.0, fallbacks=(priced("hosted", 1.0),))
    assert calls_for(Context(post_usd=2.5 * MAX_USD), chain, TEXT) == 2
    assert calls_for(Context(post_usd=2.5 * MAX_USD, model="local"), chain, TEXT) == 5
    assert calls_for(Context(post_usd=1.0), priced("local", 0.0, fallbacks=(Mllm("http://x/v1", "y"),)), TEXT) == 0
