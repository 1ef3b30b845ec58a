"""Policy files, and an extractor with a policy: its thresholds are used, and mismatches become warnings."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import unco
from tests.scripted import ANN, OWLS, TOKENS, ScriptedLlm, doubt, graph_of, says
from tests.tools.extraction.made_policy import LOW, MODEL, policy_of
from unco.errors import SettingsError, SetupError
from unco.graph import default_graph
from unco.small_model.fingerprint import SHIPPED, Fingerprint, fingerprint_of
from unco.state import read_result
from unco.tools.extraction.policy import read_policy, write_policy
from unco.tools.extraction.policy_extractor import PolicyExtractor, mismatches
from unco.types import Post, Thresholds

OTHER = Fingerprint("other", "b" * 64, "gmner", "mc_decoder", MODEL.normaliser)


def test_a_policy_is_read_as_it_was_written(tmp_path: Path) -> None:
    policy = policy_of(notes=("50 % — so ist das",), promise="none: really")
    write_policy(policy, tmp_path / "deep" / "policy.yaml")
    assert read_policy(tmp_path / "deep" / "policy.yaml") == policy


def test_a_file_that_is_no_mapping_is_no_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("- a list", "utf-8")
    with pytest.raises(SettingsError, match=r"policy\.yaml is none: Input should be .*: write one with `unco tune`"):
        read_policy(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"thresholds": {"span": 1.5, "type": 0, "region": 0}}, r"thresholds.span: .*\[0, 1\], or be -1.0"),
        ({"thresholds": {"span": 0.5, "type": 0}}, "thresholds.region: Field required"),
        ({"thresholds": LOW | {"drop": -1.0}}, "thresholds.drop: Input should be greater than or equal to 0"),
        ({"version": 2}, "version: Input should be 1"),
        ({"threshold": 1}, "threshold: Extra inputs are not permitted"),
        ({"expected": {"GMNER": {"value": float("nan"), "low": 0, "high": 1}}}, "expected.GMNER.value: .*finite"),
        ({"data": {"sha256": "abc", "posts": 1, "entities": 1}}, "data.sha256"),
    ],
)
def test_an_invalid_policy_is_refused_and_its_field_named(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(policy_of().model_dump(mode="json") | change), "utf-8")
    with pytest.raises(SettingsError, match=f"policy.yaml is none: {says}"):
        read_policy(path)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("thresholds: [", "cannot be read"),
        ("", "is none"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
        ("x: 1\n" * 250_000, "too large: more than 1000000 characters"),
        (BOMB, "too large: more than 100000 values"),
        ("- 2026-99-99", "cannot be read"),
        ("[\n" * 20_000, "cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_refused(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=says):
        read_policy(path)
    with pytest.raises(SettingsError, match=r"gone.yaml cannot be read"):
        read_policy(tmp_path / "gone.yaml")


def test_mismatches_are_listed() -> None:
    assert mismatches(policy_of(), MODEL) == ()
    other = mismatches(policy_of(), OTHER)
    assert "made for the checkpoint made (aaaaaaaaaaaa), this is other (bbbbbbbbbbbb)" in other[0]
    assert "made for the estimator learned, this run has mc_decoder" in other[1]
    assert "does not say which checkpoint" in mismatches(policy_of(None), MODEL)[0]


def test_a_graph_under_a_policy_has_its_thresholds_and_the_context_still_wins() -> None:
    small_model = says((ANN, "PER", None, doubt()), (OWLS, "ORG", None, doubt("type")), tokens=TOKENS)
    llm = ScriptedLlm()
    graph = graph_of(PolicyExtractor(small_model, policy_of(), lambda: MODEL), llm)
    result = read_result(graph.invoke({"text": " ".join(TOKENS)}))
    assert result.thresholds == Thresholds(**LOW)
    assert {asked.attribute for asked in llm.asked} == {"span"}, "of a type 0.9 is not above 0.95, of a span 0.1 is"
    assert result.warnings == ()
    chosen = graph.invoke({"text": " ".join(TOKENS)}, context=unco.Context(type_threshold=0.2))
    assert read_result(chosen).thresholds == Thresholds(0.05, 0.2, -1.0)


def test_a_policy_may_drop_what_stays_doubtful() -> None:
    small_model = says((ANN, "PER", None, doubt()), (OWLS, "ORG", None, doubt("type")), tokens=TOKENS)
    policy = policy_of(thresholds=LOW | {"drop": 0.6})
    graph = graph_of(PolicyExtractor(small_model, policy, lambda: MODEL), ScriptedLlm())
    post, off = {"text": " ".join(TOKENS)}, unco.Context(mode="off")
    result = read_result(graph.invoke(post, context=off))
    assert [one.entity.text for one in result.dropped] == ["Blue Owls"]
    assert read_result(graph.invoke(post, context=unco.Context(mode="off", drop_threshold=1))).dropped == ()


def test_a_graph_with_another_checkpoint_warns_and_goes_on() -> None:
    asked = []

    def fingerprint_at_first_post() -> Fingerprint:
        asked.append(1)
        return OTHER

    under = PolicyExtractor(says((ANN, "PER", None, doubt()), tokens=TOKENS), policy_of(), fingerprint_at_first_post)
    first = under(Post(TOKENS))
    second = asyncio.run(under.acall(Post(TOKENS)))
    assert first == second
    assert len(first.warnings) == 2
    assert first.thresholds == Thresholds(**LOW)
    assert asked == [1], "files are read once"


def test_a_policy_chosen_with_a_simulated_model_says_so() -> None:
    mllm = {"models": ("simulated-x",), "simulated": "{}", "prompts": {}, "stated_thresholds": LOW}
    under = PolicyExtractor(says(tokens=TOKENS), policy_of(mllm=mllm), lambda: MODEL)
    assert under(Post(TOKENS)).warnings == ("the policy's thresholds were chosen by the answers of a simulated MLLM",)


def test_a_fingerprint_changes_when_a_file_does(tmp_path: Path) -> None:
    shipped = fingerprint_of()
    assert (shipped.name, shipped.scheme, shipped.estimator) == ("tweets-minilm", "gmner", "learned")
    assert shipped.normaliser["span"] == (0.0, 1.0)
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "copy"))
    assert fingerprint_of(copy) == shipped
    assert fingerprint_of(str(copy), "fmnerg", "mc_decoder").normaliser != shipped.normaliser
    config = json.loads((copy / "config.json").read_text("utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"name": "mine"}), "utf-8")
    assert fingerprint_of(copy).sha256 != shipped.sha256
    with pytest.raises(SettingsError, match="no scheme 'gmner' with the estimator 'best'"):
        fingerprint_of(copy, estimator="best")
    (copy / "tokenizer.json").unlink()
    with pytest.raises(SetupError, match="does not hold a checkpoint"):
        fingerprint_of(copy)


def test_extract_and_the_environment_take_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.yaml"
    write_policy(policy_of(fingerprint_of()), path)
    result = unco.extract("Angela Merkel met Barack Obama in Berlin", policy=path)
    assert result.thresholds == Thresholds(**LOW)
    assert not any("policy" in warning for warning in result.warnings)
    monkeypatch.setenv("UNCO_POLICY", str(path))
    default_graph.cache_clear()
    other = default_graph(estimator="entropy")
    warnings = read_result(other.invoke({"text": "Angela Merkel met Barack Obama in Berlin"})).warnings
    assert any("made for the estimator learned, this run has entropy" in warning for warning in warnings)
    default_graph.cache_clear()
    with pytest.raises(SettingsError, match="gone.yaml cannot be read"):
        unco.extract("Ann", policy=tmp_path / "gone.yaml")
