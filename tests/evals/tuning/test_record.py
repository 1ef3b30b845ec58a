"""An experiment recorded: with a perfect MLLM, what is chosen asks about what is wrong and about nothing else."""

from pathlib import Path

from tests.evals.ab.experiments import drawn_experiment
from unco.context import Context
from unco.evals.simulation import Profile
from unco.evals.tuning.choose import choose_jointly
from unco.evals.tuning.expected import CALLS, expected
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.paths import ALL
from unco.evals.tuning.recorded.record import attributes_stating_threshold, record_experiment
from unco.evals.tuning.recorded.replay import replay
from unco.types import Thresholds


def test_a_perfect_model_is_asked_about_what_is_wrong(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        recording = record_experiment(experiment, None)
        questions = experiment.simulation.counts["answers"] if experiment.simulation else 0
    assert recording.about.stating == ("span", "type", "region")
    assert recording.about.simulated == "{}"
    assert recording.about.price is not None
    outcomes = outcomes_of(recording)
    assert len(outcomes.predicted) == 6
    asked = sum(len(answers) for post in recording.posts for answers in post.answers)
    assert 18 * 3 < questions <= asked <= 18 * 7
    found = expected(outcomes, choose_jointly(outcomes).thresholds)
    assert found["GMNER"].value == 1.0
    assert found[CALLS].value == 2.0, "36 calls about 18 entities, each wrong in two attributes"
    assert expected(outcomes, Thresholds(1, 1, 1))["GMNER"].value == 0.0
    assert {r.entities[0].corrections[0].outcome for r in replay(recording, ALL)} == {"changed"}


def test_prompts_that_state_no_threshold_are_exact(tmp_path: Path) -> None:
    context = Context(span_prompt="v1-no-unc", region_prompt="v1-no-unc", type_threshold=0.7)
    assert attributes_stating_threshold(context) == ("type",)
    with drawn_experiment(tmp_path, Profile(malformed={"empty": 1.0})) as experiment:
        recording = record_experiment(experiment, None, context, floor=Thresholds(0.5, 1.0, 1.0))
    notes = [one.correction for post in recording.posts for answers in post.answers for one in answers]
    assert {(note.attribute, note.prompt, note.outcome) for note in notes} == {("span", "span/v1-no-unc", "failed")}
    assert recording.posts[0].extraction.thresholds.type == 0.7
    assert "empty" in recording.about.simulated
