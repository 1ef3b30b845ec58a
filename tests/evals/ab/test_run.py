"""Variants side by side against the simulated model: what came back, what it cost, what it broke."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.evals.ab.experiments import drawn_experiment, llm_of
from tests.evals.simulated_posts import drawn_posts, small_model
from unco.errors import SettingsError
from unco.evals.ab.run import ArmRun, outcome_counts, run_arms, variant_arms
from unco.evals.ab.table import show_arms, show_outcomes
from unco.evals.metrics.correction_effects import count_effects
from unco.evals.simulation import Profile, read_profile, simulate
from unco.graph import build_variant
from unco.state import read_result
from unco.tools.extraction.tool import small_model_tool
from unco.types import ATTRIBUTES, Extraction, GoldPost, Post

PROFILES = Path(__file__).parents[3] / "unco" / "evals" / "simulation" / "profiles"


def run(tmp_path: Path, names: list[str], profile: Profile | None = None) -> list[ArmRun]:
    with drawn_experiment(tmp_path, profile) as experiment:
        return run_arms(variant_arms(names), experiment)


def test_a_perfect_model_puts_all_right_and_each_variant_has_its_price(tmp_path: Path) -> None:
    runs = run(tmp_path, ["small_only", "unco", "correct_all", "one_shot"])
    small, unco, everything, one_shot = runs
    assert (small.usage.calls, small.report.tasks["GMNER"].f1, small.effects.better, small.effects.worse) == (
        0,
        0.0,
        0,
        0,
    )
    assert (unco.usage.calls, unco.report.tasks["GMNER"].f1, unco.effects.worse) == (36, 1.0, 0)
    assert (everything.usage.calls, everything.report.tasks["GMNER"].f1) == (54, 1.0)
    assert (one_shot.usage.calls, one_shot.report.tasks["GMNER"].f1) == (18, 1.0)
    assert unco.effects.better == 36
    assert unco.usage.cost == pytest.approx(
        (2.5 * (unco.usage.input_tokens or 0) + 10 * (unco.usage.output_tokens or 0)) / 1e6
    )
    assert outcome_counts(unco)["type"] == {"changed": 6, "skipped": 12}


def test_the_table_says_what_is_simulated_and_gives_ratios(tmp_path: Path) -> None:
    runs = run(tmp_path, ["unco", "correct_all"])
    console = Console(record=True, width=170)
    show_arms(runs, console)
    show_outcomes(runs, console)
    shown = console.export_text()
    assert "The MLLM is simulated" in shown
    assert f"{36 / 54:.2f} /" in shown
    assert "unco type: changed 6, skipped 12" in shown


def test_an_unknown_variant_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown variant 'best'"):
        run(tmp_path, ["best"])


def many_posts(folder: Path, copies: int) -> tuple[list[GoldPost], list[dict[str, object]], dict[str, Extraction]]:
    """The drawn posts over and over, each copy with words of its own in front so that it is another question."""
    gold: list[GoldPost] = []
    inputs: list[dict[str, object]] = []
    extractions: dict[str, Extraction] = {}
    drawn = drawn_posts(folder)
    model = small_model(drawn)
    for copy in range(copies):
        for post in drawn:
            tokens = (post.gold.tokens[0], f"{post.gold.tokens[1]}-{copy}", *post.gold.tokens[2:])
            text = " ".join(tokens)
            shift = len(text) - len(post.text)
            found = model(Post(post.text, post.image))
            entities = tuple(
                replace(one, start_char=one.start_char + shift, stop_char=one.stop_char + shift)
                for one in found.entities
            )
            offsets = (found.offsets[0], (found.offsets[1][0], found.offsets[1][1] + shift))
            moved = tuple((start + shift, stop + shift) for start, stop in found.offsets[2:])
            extractions[text] = replace(found, text=text, tokens=tokens, offsets=(*offsets, *moved), entities=entities)
            gold.append(replace(post.gold, tokens=tokens))
            inputs.append({"text": text, "image": post.image})
    return gold, inputs, extractions


@pytest.mark.slow
async def test_with_a_fifth_of_all_questions_going_wrong_all_posts_come_back_and_nothing_is_mixed_up(
    tmp_path: Path,
) -> None:
    gold, inputs, extractions = many_posts(tmp_path, 5)
    with simulate(gold, "gemini", read_profile(PROFILES / "faults.yaml"), 5) as simulation:
        llm = llm_of(simulation, tmp_path, timeout_s=3.0)
        graph = build_variant("unco", small_model_tool(lambda post: extractions[str(post.text)]), llm)
        outputs = await graph.abatch(inputs, config={"max_concurrency": 16})
    results = [read_result(output) for output in outputs]
    assert [result.text for result in results] == [one["text"] for one in inputs]
    notes = [note for result in results for entity in result.entities for note in entity.corrections]
    assert len(notes) == len(gold) * 3 * len(ATTRIBUTES)
    assert {note.outcome for note in notes} <= {"skipped", "kept", "changed", "rejected", "failed", "unavailable"}
    asked = [note for note in notes if note.outcome != "skipped"]
    assert sum(note.outcome == "changed" for note in asked) > 0.9 * len(asked)
    effects = count_effects(gold, results)
    better, worse = effects.better, effects.worse
    beside = sum(  # changes of an entity whose words no answer put right: gold has nothing to judge them by
        note.outcome == "changed"
        and note.attribute != "span"
        and all(entity.span != item.span for item in post.entities)
        for post, result in zip(gold, results, strict=True)
        for entity in result.entities
        for note in entity.corrections
    )
    assert worse == 0, "every answer is its own entity's"
    assert better == sum(note.outcome == "changed" for note in notes) - beside
    assert beside < 5
    malformed_count = sum(simulation.counts.values()) - sum(
        simulation.counts[name] for name in ("answers", "answers given again", "questions", "response_format refused")
    )
    assert malformed_count > 0.1 * simulation.counts["questions"]
    assert simulation.counts["answers given again"] == 0, "no call is paid for twice"
    assert llm.terms.budget.spent.calls == simulation.counts["answers"]


def test_the_profiles_that_come_along_are_profiles() -> None:
    faults, erring = (read_profile(PROFILES / f"{name}.yaml") for name in ("faults", "erring"))
    assert faults.right.type == 1.0
    assert erring.right.type < 1.0
    total = faults.refusal + sum(faults.malformed.values()) + sum(faults.faults.values())
    assert total == pytest.approx(0.2)
