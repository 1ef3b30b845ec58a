"""Facts are read out of any answer of a search tool: few, short, each on one line."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unco.tools.search.facts import facts_in, read_facts, written_facts
from unco.tools.search.search import MAX_FACT_CHARS, MAX_FACTS

OWLS = {"title": "Blue Owls", "description": "a football club"}
FOUND = ("Blue Owls: a football club",)


@pytest.mark.parametrize(
    ("texts", "structured", "facts"),
    [
        ([json.dumps([OWLS])], None, FOUND),
        ([json.dumps({"results": [OWLS]})], None, FOUND),
        ([json.dumps({"data": [{"name": "Blue Owls", "snippet": "a football club", "url": "http://x"}]})], None, FOUND),
        ([json.dumps(OWLS), json.dumps(OWLS)], None, FOUND),
        (["unread"], {"result": [OWLS]}, FOUND),
        (["Blue Owls: a football club"], {"total": 0, "results": []}, FOUND),
        ([json.dumps({"result": "Blue Owls:\na  football\tclub"})], None, FOUND),
        (["Owls\nText: a club\n\n \nOwls\nText: a band"], None, ("Owls Text: a club", "Owls Text: a band")),
        ([json.dumps({"id": 7, "score": None})], None, ('{"id": 7, "score": null}',)),
        (["\x1b[31mred\x00 and \ud800half"], None, ("[31mred and ?half",)),
        (["", "  \n ", "[]", "{}", "null", "7", "[[]]"], None, ()),
        ([], None, ()),
    ],
)  # fmt: skip
def test_an_answer_is_read_in_the_form_that_it_has(texts: list[str], structured: Any, facts: tuple[str, ...]) -> None:
    assert facts_in(texts, structured) == facts


def test_few_and_short_facts_come_of_a_huge_answer() -> None:
    found = facts_in(["x" * 10**7, *("y" * 10**5 for _ in range(50)), "z", "w"])
    assert (len(found), {len(fact) for fact in found}) == (MAX_FACTS, {MAX_FACT_CHARS, 1})
    assert len(facts_in([json.dumps([str(n) for n in range(1000)])])) == MAX_FACTS


def test_a_long_answer_in_json_is_read_as_such() -> None:
    results = [{"title": str(number), "text": "x" * 2000} for number in range(200)]
    assert [fact[:3] for fact in facts_in([json.dumps({"results": results})])] == ["0: ", "1: ", "2: "]


def test_what_is_nested_too_deeply_is_no_fact() -> None:
    deep: Any = {"a": 1}
    for _ in range(100_000):
        deep = {"a": deep}
    assert facts_in([], [deep, {"title": "b"}]) == ("b",)
    assert facts_in(['{"a": ' * 100_000 + "1" + "}" * 100_000])


def test_a_recorded_answer_is_read_back_and_may_be_written_by_hand() -> None:
    assert read_facts(written_facts(["a: b", "“c”"])) == ("a: b", "“c”")
    assert read_facts("Blue Owls: a football club") == FOUND


KEYS = st.sampled_from(["title", "text", "results", "x"])
JSON_VALUES = st.recursive(
    st.none() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=20), max_size=3), JSON_VALUES)
def test_no_answer_raises(texts: list[str], structured: Any) -> None:
    for fact in facts_in([*texts, json.dumps(structured)], structured):
        assert fact == " ".join(fact.split())
        assert fact.encode()
