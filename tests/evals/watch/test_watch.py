"""Watching a stream without labels: quiet as long as posts are alike, loud soon after they change."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.command_line import exit_code
from tests.scripted import TOKENS
from tests.tiny import extraction
from tests.tools.extraction.made_policy import policy_of
from unco.errors import DataError, SettingsError
from unco.evals.watch.evidence import Evidence, bets_on
from unco.evals.watch.features import features_of, reference_of
from unco.evals.watch.run import run_learn
from unco.evals.watch.watch import Watch
from unco.nodes.collect import result_of
from unco.tools.extraction.policy import read_policy, write_policy
from unco.types import ATTRIBUTES, Attribute, Correction, Outcome, Result, Span, Thresholds, Uncertainty

THRESHOLDS = Thresholds(0.4, 0.3, 0.5)


def _note(name: Attribute, uncertainty: float, outcome: Outcome) -> Correction:
    routed = uncertainty > THRESHOLDS.of(name)
    return Correction(name, outcome if routed else "skipped", None, None, uncertainty, THRESHOLDS.of(name))


def post(number: int, *uncertainties: Uncertainty, outcome: Outcome = "kept") -> Result:
    """A post with an entity for each of the uncertainties; what is routed has this outcome."""
    found = extraction(TOKENS, [(Span(place, place + 1), "PER", None, one) for place, one in enumerate(uncertainties)])
    found = replace(found, thresholds=THRESHOLDS)
    entities = tuple(
        replace(
            entity,
            corrections=tuple(_note(name, entity.uncertainty.of(name), outcome) for name in ATTRIBUTES[:2]),
        )
        for entity in found.entities
    )
    return replace(result_of(found, list(entities), identity=str(number)), entities=entities)


def posts(count: int, seed: int, mean: float = 0.2, outcome: Outcome = "kept") -> list[Result]:
    chance = random.Random(seed)

    def level() -> float:
        return min(1.0, chance.expovariate(1 / mean))

    return [
        post(number, *(Uncertainty(level(), level(), level()) for _ in range(chance.randrange(4))), outcome=outcome)
        for number in range(count)
    ]


def first_alarm(stream: Iterable[Result], reference: Sequence[Result]) -> int | None:
    watch = Watch(reference_of(reference, THRESHOLDS), THRESHOLDS)
    for result in stream:
        watch.add(result)
    return None if watch.alarm is None else watch.alarm.post


@pytest.fixture(scope="module")
def reference() -> list[Result]:
    return posts(400, seed=0)


def test_a_post_is_described_without_labels() -> None:
    found = features_of(
        post(1, Uncertainty(0.5, 0.09, 0.0), Uncertainty(0.0, 0.09, 0.0), outcome="changed"), THRESHOLDS
    )
    assert found == {
        "entities": 2, "words": 10, "capitals": 17,
        "span uncertainty": 50, "routed span": 50, "type uncertainty": 30, "routed type": 0,
        "region uncertainty": 0, "routed region": 0, "doubt": 56,
        "changed": 100, "rejected": 0, "failed": 0, "unavailable": 0,
    }  # fmt: skip
    assert features_of(post(2), THRESHOLDS) == {"entities": 0, "words": 10, "capitals": 17}


def test_posts_alike_raise_no_alarm(reference: list[Result]) -> None:
    assert [first_alarm(posts(300, seed), reference) for seed in range(1, 5)] == [None] * 4


@pytest.mark.parametrize("mean", [0.08, 0.45])
def test_other_uncertainties_raise_one_soon_whenever_they_come(mean: float, reference: list[Result]) -> None:
    alarm = first_alarm([*posts(200, seed=1), *posts(200, seed=2, mean=mean)], reference)
    assert alarm is not None
    assert 200 < alarm < 300


def test_other_outcomes_raise_one_by_name(reference: list[Result]) -> None:
    watch = Watch(reference_of(reference, THRESHOLDS), THRESHOLDS)
    for result in posts(200, seed=1, outcome="unavailable"):
        watch.add(result)
    assert watch.alarm is not None
    assert watch.alarm.by == ("unavailable",)
    assert watch.evidence >= 1
    assert watch.table()["unavailable"].now == 1
    assert watch.table()["unavailable"].before == 0


def test_an_alarm_stays_and_a_stream_is_judged_the_same_each_time(reference: list[Result]) -> None:
    other = posts(200, seed=2, mean=0.6)
    assert first_alarm(other, reference) == first_alarm([*other, *posts(300, seed=3)], reference) is not None


def test_evidence_without_a_change_is_head_start_and_number_of_posts_on_average() -> None:
    """What the rate of false alarms rests on, exact: over all possible p-values, each bet keeps its stake."""
    steps = 1000
    for factors in zip(*(bets_on((place + 0.5) / steps) for place in range(steps)), strict=True):
        assert min(factors) > 0
        assert sum(factors) / steps == pytest.approx(1)
    chance = random.Random(1)
    values = []
    for _ in range(400):
        evidence = Evidence([25, 25, 25, 25], chance, head_start=10.0)
        for _ in range(20):
            evidence.add(chance.randrange(4))
        values.append(evidence.value)
    assert 26 < sum(values) / len(values) < 34


def test_fewer_of_the_most_uncertain_posts_raise_an_alarm_where_the_mean_hardly_moves() -> None:
    """What a model does with posts that it knows: none of them is very uncertain, the others are as before."""
    chance = random.Random(3)
    levels = [chance.random() for _ in range(1000)]
    known = [level if level < 0.85 else 0.5 for level in levels]
    before, after = ([post(0, Uncertainty(0.1, level, 0.1)) for level in each] for each in (levels, known))
    alarm = first_alarm(after, before[:500])
    assert alarm is not None
    assert alarm < 300


def test_a_small_model_that_leaves_its_scale_is_watched_as_well() -> None:
    found = features_of(post(1, Uncertainty(-0.5, 1.5, 0.1)), THRESHOLDS)
    assert (found["span uncertainty"], found["type uncertainty"]) == (0, 100)


def test_a_reference_of_an_earlier_version_is_watched_by_what_it_has(reference: list[Result]) -> None:
    known = reference_of(reference, THRESHOLDS)
    earlier = known.model_copy(update={"counts": {name: known.counts[name] for name in ("words", "type uncertainty")}})
    watch = Watch(earlier, THRESHOLDS)
    for result in posts(200, seed=2, mean=0.6):
        watch.add(result)
    assert watch.alarm is not None
    assert watch.alarm.by[0] == "type uncertainty"
    assert watch.shares().keys() == {"words", "type uncertainty"}
    assert sum(watch.shares().values()) == pytest.approx(watch.evidence)
    assert watch.chance_of_false_alarm(1500) == pytest.approx(3000 / 61_500)


def write_run(results: Sequence[Result], path: Path) -> Path:
    path.write_text("".join(f"{result.to_json()}\n" for result in results))
    return path


def test_the_command(
    tmp_path: Path, reference: list[Result], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.yaml"
    write_policy(policy_of(thresholds={"span": 0.4, "type": 0.3, "region": 0.5}), policy)
    seen, alike, other = (
        write_run(results, tmp_path / f"{place}.jsonl")
        for place, results in enumerate((reference, posts(100, seed=1), posts(100, seed=1, mean=0.6)))
    )
    assert exit_code(monkeypatch, "watch", str(alike), "--policy", str(policy)) == 2
    assert "--learn" in capsys.readouterr().err
    assert exit_code(monkeypatch, "watch", str(seen), "--policy", str(policy), "--learn") == 0
    before = policy.read_text()
    assert exit_code(monkeypatch, "watch", str(alike), "--policy", str(policy)) == 0
    assert "100 posts look like those of the policy" in capsys.readouterr().out
    assert exit_code(monkeypatch, "watch", str(other), "--policy", str(policy)) == 1
    assert "ALARM at post" in capsys.readouterr().out
    assert policy.read_text() == before
    assert len(before.splitlines()) < 150
    assert read_policy(policy).reference == reference_of(reference, THRESHOLDS)


def test_what_cannot_be_compared_is_refused(tmp_path: Path, reference: list[Result]) -> None:
    write_policy(policy_of(), tmp_path / "policy.yaml")
    run = write_run(reference[:3], tmp_path / "run.jsonl")
    with pytest.raises(DataError, match="was run under .* run these posts with --policy"):
        run_learn(run, tmp_path / "policy.yaml", Console())
    for number in (0, float("inf"), float("nan")):
        with pytest.raises(SettingsError, match="at least 1"):
            Watch(reference_of(reference, THRESHOLDS), THRESHOLDS, number)
    broken = (tmp_path / "policy.yaml").read_text() + "reference: {posts: 3, counts: {entities: [1, 2]}}\n"
    (tmp_path / "policy.yaml").write_text(broken)
    with pytest.raises(SettingsError, match=r"reference\.counts\.entities"):
        read_policy(tmp_path / "policy.yaml")
