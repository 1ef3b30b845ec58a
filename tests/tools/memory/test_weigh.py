"""What decisions about a name do to the doubt of a later mention; numbers worked out by hand."""

from dataclasses import replace
from datetime import date, timedelta
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import LABELS, extraction
from unco.tools.memory.decisions import DecidedBy, Decision, Remembered, hash_of_labels, hash_of_place
from unco.tools.memory.weigh import LASTS_DAYS, SPOT_CHECK, names_of, weigh
from unco.types import Extraction, Label, Span, Uncertainty

TODAY = date(2026, 11, 30)
HERE = hash_of_labels(LABELS)


def decision(
    decided: str = "ORG",
    said: str = "ORG",
    by: DecidedBy = "answer",
    age: int = 0,
    labels: str = HERE,
    attribute: Remembered = "type",
    post: str = "1",
) -> Decision:
    return Decision("owls", attribute, said, decided, by, TODAY - timedelta(age), labels, post)


def mention(uncertainty: float = 0.5, words: str = "a") -> Extraction:
    """Say that "Owls" is an ORG, with a doubt; other words around it draw other spot checks."""
    doubts = Uncertainty(span=uncertainty, type=uncertainty, region=uncertainty)
    return extraction(("Owls", words), [(Span(0, 1), "ORG", None, doubts)])


def doubt_after(*decisions: Decision, uncertainty: float = 0.5, attribute: Remembered = "type") -> float:
    """Weigh for a mention that no spot check has chosen."""
    for words in map(str, range(100)):
        after, why = weigh(mention(uncertainty, words), {"owls": decisions}, TODAY)
        if why or not decisions:
            return after.entities[0].uncertainty.of(attribute)
    raise AssertionError("nothing was weighed in a hundred posts")


@pytest.mark.parametrize(
    ("decisions", "odds"),
    [
        ([decision()], -0.25),
        ([decision(), decision(post="2")], -0.5),
        ([decision("PER")], 0.25),
        ([decision("PER", said="PER")], 0.125),  # the small model read it otherwise then: another context
        ([decision(by="review")], -1.0),
        ([decision("PER", by="review"), decision()], 0.75),
        ([decision(age=LASTS_DAYS // 2)], -0.125),
        ([decision(age=LASTS_DAYS)], 0.0),
        ([decision(age=-1)], -0.25 * 179 / 180),  # the clock of another machine is ahead
        ([decision(age=-LASTS_DAYS)], 0.0),  # nobody knows when it was
        ([decision(post=str(post), by="review") for post in range(3)], -2.0),
    ],
)
def test_a_decision_changes_the_odds(decisions: list[Decision], odds: float) -> None:
    after = doubt_after(*decisions)
    assert log(after / (1 - after)) == pytest.approx(odds)


def test_of_a_span_the_words_count_and_types_do_not() -> None:
    kept = decision("owls", "owls", attribute="span", labels="others")
    assert doubt_after(kept, attribute="span") == pytest.approx(1 / (1 + 1.28403), abs=1e-4)
    assert doubt_after(kept, attribute="type") == 0.5
    moved = decision("blue owls", "owls", attribute="span")
    assert doubt_after(moved, attribute="span") > 0.5


def test_other_names_other_types_and_regions_change_nothing() -> None:
    small = mention()
    assert weigh(small, {}, TODAY) == (small, {})
    assert weigh(small, {"kestrels": [decision()]}, TODAY) == (small, {})
    assert weigh(small, {"owls": [decision(labels=hash_of_labels((Label("X", ""),)))]}, TODAY) == (small, {})
    after, _ = weigh(small, {"owls": [decision("PER", by="review")]}, TODAY)
    assert after.entities[0].uncertainty.region == 0.5
    assert after.entities[0].nats == small.entities[0].nats


def test_an_entity_without_a_type_is_not_weighed_by_types() -> None:
    small = mention()
    untyped = replace(small, entities=(replace(small.entities[0], type=None),))
    assert weigh(untyped, {"owls": [decision()]}, TODAY) == (untyped, {})


def test_the_reason_is_said() -> None:
    _, why = weigh(mention(), {"owls": [decision("PER"), decision("PER", post="2"), decision(post="3")]}, TODAY)
    assert str(why[0]["type"]) == "memory: 1 decisions agree, 2 do not; uncertainty 0.500 without it"


def test_one_mention_in_ten_is_asked_about_all_the_same() -> None:
    """So a wrong memory does not last; a raised doubt always counts."""
    posts = [mention(words=str(place)) for place in range(1000)]
    lowered = [bool(weigh(post, {"owls": [decision()]}, TODAY)[1]) for post in posts]
    assert lowered == [bool(weigh(post, {"owls": [decision()]}, TODAY)[1]) for post in posts]
    assert 1000 - sum(lowered) == pytest.approx(1000 / SPOT_CHECK, rel=0.3)
    assert all(weigh(post, {"owls": [decision("PER")]}, TODAY)[1] for post in posts)


@given(st.lists(st.sampled_from(["ORG", "PER"]), max_size=12), st.floats(0, 1))
def test_doubts_stay_chances(decided: list[str], uncertainty: float) -> None:
    found = {"owls": [decision(one, post=str(place)) for place, one in enumerate(decided)]}
    after, why = weigh(mention(uncertainty), found, TODAY)
    number = after.entities[0].uncertainty.type
    assert 0 <= number <= 1
    if why:
        more = decided.count("PER") - decided.count("ORG")
        assert (number >= uncertainty) if more > 0 and uncertainty < 0.999 else True
        assert (number <= uncertainty) if more < 0 and uncertainty > 0.001 else True


@pytest.mark.parametrize("uncertainty", [0.0, 1e-6, 0.3, 0.7, 1.0])
def test_nothing_changes_against_its_decisions(uncertainty: float) -> None:
    """A threshold may be any number, 0 too: at it, nobody is asked."""
    assert doubt_after(decision(), uncertainty=uncertainty) <= uncertainty
    assert doubt_after(decision("PER"), uncertainty=uncertainty) >= uncertainty
    assert doubt_after(decision("PER"), decision(post="2"), uncertainty=uncertainty) == uncertainty


def test_a_post_is_no_evidence_about_itself() -> None:
    """It is run again after an outage, or by `--resume`: then it is asked what it was asked before."""
    small = mention()
    own = hash_of_place(small.text, small.entities[0].span)
    assert weigh(small, {"owls": [decision("PER", post=own)]}, TODAY) == (small, {})
    after, _ = weigh(small, {"owls": [decision("PER", post=own), decision("PER")]}, TODAY)
    assert log(after.entities[0].uncertainty.type / (1 - after.entities[0].uncertainty.type)) == pytest.approx(0.25)


def test_names_are_compared_without_case_and_blanks() -> None:
    two = extraction(("Blue", "OWLS"), [(Span(0, 2), "ORG", None, Uncertainty(0, 0, 0))])
    assert names_of(two) == {"blue owls"}
