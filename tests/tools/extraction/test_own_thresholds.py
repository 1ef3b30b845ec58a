"""Thresholds of each entity by itself: where the gain comes to be worth the question."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scripted import ScriptedLlm, account, doubt, graph_of, kind
from tests.tiny import extraction
from tests.tools.extraction.made_policy import MODEL, policy_of
from unco.context import Context
from unco.errors import SettingsError
from unco.nodes.plan_calls import plan_calls
from unco.nodes.run_choices import for_run
from unco.tools.extraction.known_names import is_known, name_key, pack_names, unpack_names
from unco.tools.extraction.own_thresholds import UNSURE, features_of, with_own_thresholds
from unco.tools.extraction.policy import PolicyGain, read_policy, write_policy
from unco.tools.extraction.policy_extractor import PolicyExtractor
from unco.types import ALWAYS, Box, Label, PictureInfo, Span, Thresholds, Uncertainty

RIGHT = {"bias": 0.0, "weights": {UNSURE: -1.0}}
"""The small model is right with the chance that its uncertainty leaves."""
KNOWN = {"bias": -3.0, "weights": {"known name": 6.0}}
"""An answer is right 19 times in 20 about known names, and one time in 20 about others."""


def gain_of(answer: dict[str, Any] = KNOWN, least: float = 0.0, **fields: Any) -> PolicyGain:
    types = {"own": RIGHT, "answer": answer, "least_gain": least, **fields}
    return PolicyGain.model_validate({"questions": {"type": types}, "known_names": pack_names(["Ann"])})


def found(*uncertainties: float, names: tuple[str, ...] = ("Ann", "Bob")) -> Any:
    said = [
        (Span(place, place + 1), "PER", None, Uncertainty(0.9, value, 0.9)) for place, value in enumerate(uncertainties)
    ]
    return extraction(names[: len(uncertainties)], said)


def own(gain: PolicyGain, uncertainty: float, name: str = "Ann") -> Thresholds:
    (thresholds,) = with_own_thresholds(found(uncertainty, names=(name,)), gain).own_thresholds
    return thresholds


def test_a_known_name_is_asked_about_where_another_is_not() -> None:
    post = with_own_thresholds(found(0.5, 0.5), gain_of())
    assert [post.routed(entity) for entity in post.entities] == [("type",), ()]
    assert [round(one.type, 2) for one in post.own_thresholds] == [0.04, 0.95]
    assert {(one.span, one.region) for one in post.own_thresholds} == {(1.0, 1.0)}, "they do not count for the task"


def test_the_threshold_lies_where_the_decision_changes() -> None:
    for uncertainty in (0.0, 0.03, 0.06, 0.5, 1.0):
        at = own(gain_of(), uncertainty).type
        assert (uncertainty > at) == (uncertainty > 0.05)


def test_what_is_hopeless_is_not_asked_about_though_it_is_unsure() -> None:
    hopeless = {"bias": 2.0, "weights": {UNSURE: -1.0}}  # never far above the small model at the ends
    asked = [value for value in (0.01, 0.5, 0.99) if value > own(gain_of(hopeless, least=0.2), value).type]
    assert asked == [0.5]


def test_always_and_never_are_thresholds_too() -> None:
    sure = {"bias": 9.0, "weights": {}}
    assert own(gain_of(sure, least=-1.0), 0.0).type == ALWAYS
    assert own(gain_of(sure, least=1.0), 1.0).type == 1.0


def test_nothing_is_asked_about_below_what_was_recorded() -> None:
    assert own(gain_of(floor=0.4), 0.3).type >= 0.4
    assert own(gain_of(floor=0.4), 0.5).type == 0.4


def test_the_chances_of_the_other_attributes_count() -> None:
    both = {"own": RIGHT, "answer": KNOWN, "least_gain": 0.4}
    gain = PolicyGain.model_validate({"questions": {"span": both, "type": both}, "known_names": pack_names(["Ann"])})
    useless = {"own": RIGHT, "answer": RIGHT, "least_gain": 0.4}
    hopeless = gain.model_validate({**gain.model_dump(), "questions": {"span": useless, "type": both}})
    post = found(0.5, names=("Ann",))
    assert with_own_thresholds(post, gain).routed(post.entities[0]) == ("span", "type")
    assert with_own_thresholds(post, hopeless).routed(post.entities[0]) == ()


def test_features_say_what_is_known_beforehand() -> None:
    info = PictureInfo("p", "0" * 64, 100, 100)
    post = extraction(("New", "York"), [(Span(0, 2), "city", Box(0, 0, 10, 10), doubt("type"))], picture=info)
    features = features_of(post.entities[0], post, unpack_names(pack_names(["new  york"])))
    assert features["known name"] == features["type city"] == features["types of location"] == 1.0
    assert features["size of its box"] == pytest.approx(-2.0)
    assert features["words"] > 0
    unseen = features_of(post.entities[0], replace(post, picture=None), frozenset())
    assert not {"known name", "has a box", "size of its box"} & set(unseen)


def test_known_names_are_hashes() -> None:
    packed = pack_names(["Ann Lee", "ann  lee", "Łódź"])
    assert "Ann" not in packed
    assert [is_known(name, unpack_names(packed)) for name in ("ANN LEE", "łódź", "Bob", "\ud800")] == [
        True,
        True,
        False,
        False,
    ]
    assert unpack_names("") == frozenset()
    assert name_key(" A\n b ") == "a b"


@pytest.mark.parametrize("names", ["no base64!", "YWI="])
def test_names_that_are_none_are_refused(names: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    write_policy(policy_of(gain=gain_of()), path)
    data = yaml.safe_load(path.read_text())
    data["gain"]["known_names"] = names
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(SettingsError, match="known_names"):
        read_policy(path)


def test_a_policy_is_read_as_it_was_written_and_has_no_word_of_gain_without_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    for policy in (policy_of(gain=gain_of()), policy_of()):
        write_policy(policy, path)
        assert read_policy(path) == policy
    assert "gain" not in path.read_text()


def test_the_graph_asks_by_it_and_says_so() -> None:
    small = PolicyExtractor(lambda _: found(0.5, 0.5), policy_of(gain=gain_of()), lambda: MODEL)
    llm = ScriptedLlm({("type", "Ann"): kind("ORG"), ("type", "Bob"): kind("ORG")})
    result = graph_of(small, llm).invoke({"text": "Ann Bob"}, context=Context())
    assert llm.keys == [("type", "Ann")]
    notes = [next(one for one in entity["corrections"] if one["attribute"] == "type") for entity in result["entities"]]
    assert [note["outcome"] for note in notes] == ["changed", "skipped"]
    assert [round(note["threshold"], 2) for note in notes] == [0.04, 0.95]
    assert account(result, "span")["outcome"] == "skipped"


def test_a_threshold_of_the_context_wins() -> None:
    post = with_own_thresholds(found(0.5, 0.5), gain_of())
    chosen = for_run(post, Context(type_threshold=0.3))
    assert [chosen.routed(entity) for entity in chosen.entities] == [("type",), ("type",)]
    assert for_run(post, Context(), Thresholds(1.0, 1.0, 1.0)).routed(post.entities[0]) == ()
    ours = for_run(post, Context(labels=(Label("a", ""), Label("b", ""))))
    assert ours.own_thresholds == ()


def test_a_budget_is_planned_by_them() -> None:
    grants = plan_calls(with_own_thresholds(found(0.5, 0.5), gain_of()), calls=4)
    assert grants == {0: {"type": 2}}


def test_without_anything_learned_nothing_changes() -> None:
    post = found(0.5)
    assert with_own_thresholds(post, None) is post
