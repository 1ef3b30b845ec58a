"""Arms against each other: what they choose, how they differ, what the differences cost."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.evals.ab.experiments import drawn_experiment
from tests.scripted import doubt
from tests.tools.extraction.made_policy import policy_of
from unco.context import Context
from unco.errors import DataError, SettingsError
from unco.evals.ab.arm import Arm, parse_arm
from unco.evals.ab.compare import compare, compare_arms, to_json, write_comparison
from unco.evals.ab.flips import find_flips
from unco.evals.ab.posts import inputs_with_pictures
from unco.evals.ab.run import run_arm
from unco.evals.ab.show_comparison import show_comparison
from unco.evals.evaluate.compare_runs import Difference
from unco.evals.formats.prediction_lines import read_prediction_lines
from unco.evals.metrics.added import Added
from unco.evals.metrics.correction_effects import CorrectionEffects
from unco.evals.simulation import Profile
from unco.evals.simulation.profile import Chances
from unco.tools.extraction.policy import PolicyGain, write_policy
from unco.tools.knowledge import build_knowledge
from unco.types import GoldPost

ALWAYS_WRONG_TYPE = Profile(right=Chances(span=1, type=0, region=1))


def test_an_arm_is_read_from_its_text() -> None:
    arm = parse_arm("span=span/v2, type=v2,span_threshold=0.3,model=gpt-4o,variant=one_shot,checkpoint=there")
    assert arm.context == Context(span_prompt="v2", type_prompt="v2", span_threshold=0.3, model="gpt-4o")
    assert parse_arm("drop_threshold=0.6").context == Context(drop_threshold=0.6)
    assert (arm.variant, arm.small_model) == ("one_shot", ("there", None))
    assert parse_arm("") == Arm("")
    assert parse_arm("second_opinion=true").context == Context(second_opinion=True)
    below = parse_arm("second_opinion=true,second_opinion_below=0.6").context
    assert below == Context(second_opinion=True, second_opinion_below=0.6)


def test_an_arm_has_the_own_thresholds_of_its_policy(tmp_path: Path) -> None:
    gain = PolicyGain.model_validate(
        {
            "questions": {
                "type": {"own": {"bias": 0, "weights": {}}, "answer": {"bias": 1, "weights": {}}, "least_gain": 0}
            }
        }
    )
    write_policy(policy_of(gain=gain), tmp_path / "policy.yaml")
    arm = parse_arm(f"policy={tmp_path / 'policy.yaml'}")
    assert arm.gain == gain
    assert arm.context.type_threshold is None, "one of the context would win over an entity's own"
    with drawn_experiment(tmp_path) as experiment:
        results = run_arm(arm, experiment).results
    entities = [entity for result in results for entity in result.entities]
    assert {tuple(note.threshold for note in entity.corrections) for entity in entities} == {(1.0, -1.0, 1.0)}
    assert all([note.calls > 0 for note in entity.corrections] == [False, True, False] for entity in entities)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spam=v2", "'spam=v2' is no choice"),
        ("span", "'span' is no choice"),
        ("span=", "'span=' is no choice"),
        ("span=v1,span=v2", "chooses span twice"),
        ("span_threshold=low", "span_threshold must be a number, got 'low'"),
        ("span_threshold=3", r"must be a number in \[0, 1\]"),
        ("variant=best", "unknown variant"),
        ("second_opinion_below=0.6", "needs second_opinion=true"),
        ("second_opinion=yes", "second_opinion must be true or false, got 'yes'"),
    ],
)
def test_what_is_no_arm_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_arm(text)


def test_two_arms_or_more_all_different(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        for texts in (["span=v1"], ["span=v1", "span=v1"]):
            with pytest.raises(SettingsError, match="two arms or more"):
                compare_arms([parse_arm(text) for text in texts], experiment)


def test_an_unknown_prompt_is_named(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment, pytest.raises(SettingsError, match="v99"):
        compare_arms([parse_arm("span=v1"), parse_arm("span=v99")], experiment)


def test_a_better_arm_is_better_and_its_flips_are_listed(tmp_path: Path) -> None:
    """Of 18 entities the small model has 6 right in type and wrong in nothing else than what it is unsure of."""
    with drawn_experiment(tmp_path) as experiment:
        found = compare_arms([parse_arm("variant=small_only"), parse_arm("span=v1")], experiment)
    (other,) = found.others
    assert found.f1[0]["GMNER"].value == 0
    assert found.f1[1]["GMNER"].value == 1
    difference = other.difference["GMNER"]
    assert isinstance(difference, Difference)
    assert (difference.f1.value, difference.only_first, difference.only_other) == (1.0, 18, 0)
    assert difference.verdict == "better"
    assert other.flips is not None
    assert all(flip.gained for flip in other.flips)
    spans, types, regions = (sum(flip.attribute == name for flip in other.flips) for name in ("span", "type", "region"))
    assert (spans, types) == (12, 6), "two spans and a type of each post are wrong"
    assert regions == 6, "a region is compared where both arms have the span"
    assert found.runs[1].effects == CorrectionEffects(better=36, worse=0, asked_right=0, asked_wrong=36)
    assert found.runs[1].effects.harm_rate is None
    assert found.runs[1].effects.rescue_rate == 1.0


def test_an_arm_that_harms_is_found_out(tmp_path: Path) -> None:
    texts = ["type_threshold=1", "type_threshold=-1"]
    with drawn_experiment(tmp_path, ALWAYS_WRONG_TYPE) as experiment:
        found = compare_arms([parse_arm(text) for text in texts], experiment)
    (other,) = found.others
    assert found.runs[0].effects.worse == 0
    assert found.runs[1].effects.worse == 12, "of 18 types 12 were right"
    assert found.runs[1].effects.harm_rate == 1.0
    assert [flip.gained for flip in other.flips or ()] == [False] * 12
    difference = other.difference["MNER"]
    assert isinstance(difference, Difference)
    assert difference.verdict == "worse"


def test_equal_arms_are_within_noise_and_the_page_says_so(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        found = compare_arms([parse_arm("region=v1"), parse_arm("span=v2")], experiment)
        console = Console(record=True, width=120)
        show_comparison(found, experiment, console)
    shown = console.export_text()
    assert shown.count("within noise") == 3
    assert "The MLLM is simulated" in shown
    assert "arm 2: 0 attributes wrong -> right, 0 right -> wrong" in shown


def test_an_arm_without_the_same_entities_has_no_flips(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        found = compare_arms([parse_arm("span=v1"), parse_arm("variant=generate")], experiment)
        console = Console(record=True, width=120)
        show_comparison(found, experiment, console)
    assert found.others[0].flips is None
    assert "does not start from the entities of arm 1" in console.export_text()


def test_flips_need_the_same_start_in_every_attribute(tmp_path: Path) -> None:
    """Two runs of the MLLM alone have none in common, nor have two small models that differ in a type or a doubt."""
    with drawn_experiment(tmp_path) as experiment:
        alone = run_arm(parse_arm("variant=generate"), experiment).results
        usual = run_arm(parse_arm("variant=small_only"), experiment).results
    assert find_flips(experiment.gold, alone, alone) is None
    assert find_flips(experiment.gold, usual, usual) == []
    first = usual[0].entities[0]
    other_type = tuple(
        replace(note, before="MISC", after="MISC") if note.attribute == "type" else note for note in first.corrections
    )
    for changed in (replace(first, type="MISC", corrections=other_type), replace(first, uncertainty=doubt("type"))):
        others = (replace(usual[0], entities=(changed, *usual[0].entities[1:])), *usual[1:])
        assert find_flips(experiment.gold, usual, others) is None


def test_what_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with drawn_experiment(tmp_path) as experiment:
        found = compare_arms([parse_arm("variant=small_only"), parse_arm("type_threshold=1")], experiment)
        with pytest.raises(DataError, match=r"file/out/comparison\.json cannot be written"):
            write_comparison(found, experiment, tmp_path / "file" / "out")


def test_a_comparison_is_written_down_whole(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path, ALWAYS_WRONG_TYPE) as experiment:
        found = compare_arms([parse_arm("type_threshold=1"), parse_arm("type_threshold=-1")], experiment)
        write_comparison(found, experiment, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert written == json.loads(to_json(found))
    assert written["arms"][1]["flips"] == {"wrong_to_right": 0, "right_to_wrong": 12}
    assert written["arms"][1]["against_first"]["MNER"]["verdict"] == "worse"
    assert [post.id for post in read_prediction_lines(tmp_path / "out" / "arm-2.jsonl")] == list("012345")
    flips = [json.loads(line) for line in (tmp_path / "out" / "flips-2.jsonl").read_text().splitlines()]
    assert len(flips) == 12
    assert flips[0]["flip"] == "right -> wrong"
    assert flips[0]["first"]["outcome"] == "skipped"
    assert flips[0]["other"]["reasoning"].startswith("Simulated")


def test_what_is_cached_counts_as_if_it_were_not(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        first = compare_arms([parse_arm("span=v1"), parse_arm("type=v1")], experiment).runs[0]
    assert first.full_cost == pytest.approx(first.usage.cost)
    assert first.full_cost
    assert first.full_cost > 0


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    posts = [GoldPost(name, ("a",), (), None) for name in ("one", "two", "../two")]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.jpg").write_bytes(b"")
    (tmp_path / "two.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="no picture for 2 of 3 posts; the first is 'two'"):
        inputs_with_pictures(posts, tmp_path / "in")
    assert [one["image"] for one in inputs_with_pictures(posts, None)] == [None, None, None]


def test_an_arm_whose_prompt_quotes_facts_looks_them_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with drawn_experiment(tmp_path) as experiment:
        [post, *_] = experiment.gold
        name = " ".join(post.tokens[post.entities[0].span.start : post.entities[0].span.stop])
        (tmp_path / "facts.jsonl").write_text(json.dumps({"name": name, "description": "a fact"}), encoding="utf-8")
        build_knowledge(tmp_path / "facts.jsonl", tmp_path / "kb.sqlite")
        monkeypatch.setenv("UNCO_KB", str(tmp_path / "kb.sqlite"))
        runs = [run_arm(parse_arm(f"variant=correct_all,type={version}"), experiment) for version in ("v2", "v2-kb")]
    facts = [{fact for result in run.results for note in result.notes for fact in note.facts} for run in runs]  # type: ignore[union-attr]
    assert facts == [set(), {f"{name}: a fact"}]


def test_what_recall_added_is_shown_by_arm(tmp_path: Path) -> None:
    asked = parse_arm("missed=true,recall_accept=0.3,variant=small_only")
    assert (asked.context.recall, asked.context.recall_accept) == (True, 0.3)
    with drawn_experiment(tmp_path) as experiment:
        runs = [run_arm(arm, experiment) for arm in (asked, parse_arm("variant=small_only"))]
        assert [run.added for run in runs] == [Added(0, 0, None)] * 2
        assert {question.finder for result in runs[0].results for question in result.questions} == {"recall"}
        comparison = compare([replace(runs[0], added=Added(3, 2, 0.75)), runs[1]], experiment)
        console = Console(record=True, width=200)
        show_comparison(comparison, experiment, console)
    assert json.loads(to_json(comparison))["arms"][0]["added"] == {"count": 3, "right": 2, "auroc": 0.75}
    printed = console.export_text()
    assert "3, 2 right" in printed
    assert "0.750" in printed
