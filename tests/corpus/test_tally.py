"""The summary of a run says what was looked up, which pictures were of no use, and why."""

from dataclasses import replace

from tests.scripted import ANN, TOKENS, ScriptedLlm, doubt, graph_of, says
from unco.corpus.tally import Tally
from unco.errors import PostError
from unco.state import read_result
from unco.types import LookUp, UnusablePicture

TEXT = " ".join(TOKENS)


def test_searches_in_vain_are_in_the_summary() -> None:
    result = read_result(graph_of(says((ANN, "ORG", None, doubt())), ScriptedLlm()).invoke({"text": TEXT}))
    (entity,) = result.entities
    searches = (LookUp("search at localhost", "Ann"), LookUp("search at localhost", "Ann", fault="too slow"), None)
    notes = tuple(replace(note, look_up=one) for note, one in zip(entity.corrections, searches, strict=True))
    tally = Tally()
    tally.add(result)
    assert "looked up" not in tally.summary()
    tally.add(replace(result, entities=(replace(entity, corrections=notes),)))
    assert "unanswered 0, looked up 2 (1 in vain), calls 0" in tally.summary()


def test_pictures_that_cannot_be_used_are_in_the_summary_with_the_first_reason() -> None:
    result = read_result(graph_of(says(), ScriptedLlm()).invoke({"text": TEXT}))
    tally = Tally()
    tally.add(result)
    assert "picture" not in tally.summary()
    assert tally.first_faults() == []
    for name in ("a", "b"):
        tally.add(replace(result, picture=UnusablePicture("missing", f"no picture at '{name}.png'")))
    assert tally.summary().endswith("$0.00, unusable pictures 2, failed posts 0")
    assert tally.first_faults() == ["the first picture that cannot be used: no picture at 'a.png'"]


def test_the_first_reason_why_a_post_failed_is_told_if_others_did_not() -> None:
    tally = Tally()
    tally.add_failure(PostError("not UTF-8"))
    tally.add_failure(PostError("no text"))
    assert tally.first_faults() == []  # the error that ends such a run says it
    tally.add(read_result(graph_of(says(), ScriptedLlm()).invoke({"text": TEXT})))
    assert tally.first_faults() == ["the first post that failed: not UTF-8"]


def test_an_id_that_two_posts_have_is_told_before_an_export_refuses_it() -> None:
    result = read_result(graph_of(says(), ScriptedLlm()).invoke({"text": TEXT}))
    tally = Tally()
    for post in (None, None, "a", "b", "a", "b"):
        tally.add(replace(result, id=post))
    assert tally.first_faults() == ["two posts have the id 'a': exports and scores need an id of its own for each"]
