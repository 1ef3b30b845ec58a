"""The summary of a run says what was looked up, where anything was."""

from dataclasses import replace

from tests.scripted import ANN, TOKENS, ScriptedLlm, doubt, graph_of, says
from unco.corpus.tally import Tally
from unco.state import read_result
from unco.types import LookUp

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
