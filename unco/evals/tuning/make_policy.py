"""From thresholds to a policy: with hashes, expectations, and what to beware of."""

from collections import Counter
from dataclasses import dataclass

from unco.evals.metrics.bootstrap import Interval
from unco.evals.tuning.expected import expected
from unco.evals.tuning.outcomes import Outcomes
from unco.evals.tuning.recorded.paths import ALL, Recorded
from unco.tools.extraction.policy import (
    Estimate,
    Policy,
    PolicyData,
    PolicyMllm,
    PolicyThresholds,
    policy_checkpoint,
)
from unco.types import ATTRIBUTES, Attribute, Correction, Outcome, Thresholds

UNANSWERED: tuple[Outcome, ...] = ("failed", "unavailable")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Thresholds, and why."""

    thresholds: Thresholds
    method: str
    promise: str = ""
    tried: int = 1
    """How many combinations F1 was compared of."""
    held_out: tuple[str, Interval] | None = None
    """A name, and the F1 of thresholds chosen in the same way, on posts that they were not chosen on."""


def make_policy(recorded: Recorded, outcomes: Outcomes, chosen: Chosen) -> Policy:
    """Write thresholds up.

    Args:
        recorded: paths of labelled posts.
        outcomes: the same, judged.
        chosen: thresholds.
    """
    about, notes = recorded.about, _corrections(recorded)
    return Policy(
        method=chosen.method,
        promise=chosen.promise,
        thresholds=_section(chosen.thresholds),
        checkpoint=None if about.checkpoint is None else policy_checkpoint(about.checkpoint),
        data=PolicyData(sha256=outcomes.data_sha256, posts=len(recorded.posts), entities=int(outcomes.predicted.sum())),
        mllm=PolicyMllm(
            models=tuple(sorted({note.model for note in notes if note.model})),
            simulated=about.simulated,
            prompts=_prompts(notes),
            stated_thresholds=_section(stated(recorded)),
        ),
        expected=_estimates(outcomes, chosen),
        notes=tuple(_beware(recorded, chosen, notes)),
    )


def stated(recorded: Recorded) -> Thresholds:
    """The thresholds that the prompts named."""
    return recorded.posts[0].extraction.thresholds if recorded.posts else ALL


def _estimates(outcomes: Outcomes, chosen: Chosen) -> dict[str, Estimate]:
    held_out = () if chosen.held_out is None else (chosen.held_out,)
    found = dict((*held_out, *expected(outcomes, chosen.thresholds).items()))
    return {name: Estimate(value=one.value, low=one.low, high=one.high) for name, one in found.items()}


def _section(thresholds: Thresholds) -> PolicyThresholds:
    return PolicyThresholds(span=thresholds.span, type=thresholds.type, region=thresholds.region)


def _corrections(recorded: Recorded) -> list[Correction]:
    return [one.correction for post in recorded.posts for answers in post.answers for one in answers]


def _prompts(notes: list[Correction]) -> dict[Attribute, str]:
    said: dict[Attribute, Counter[str]] = {name: Counter() for name in ATTRIBUTES}
    for note in notes:
        said[note.attribute][f"{note.prompt} {note.prompt_hash}".strip()] += 1
    return {name: " and ".join(sorted(counts)) for name, counts in said.items() if counts}


def _beware(recorded: Recorded, chosen: Chosen, notes: list[Correction]) -> list[str]:
    about, found = recorded.about, list[str]()
    if about.simulated:
        found.append(
            "The MLLM was simulated: it knows the gold answers and errs as its profile says. These thresholds and"
            " figures show how the tool works and say nothing of a real model."
        )
    named = stated(recorded)
    if approximated := [name for name in about.stating if chosen.thresholds.of(name) != named.of(name)]:
        found.append(
            f"Approximated: answers about {', '.join(approximated)}, whose prompt states the threshold; while recording"
            " it stated the stated_thresholds, not these. All else is exact: every question that these thresholds lead"
            " to was asked on its own path."
        )
    if about.floor != ALL:
        found.append(f"Nothing was recorded, so nothing tried, at or below {about.floor}.")
    if chosen.tried > 1:
        found.append(
            f"F1 is of the posts that the best of {chosen.tried} combinations was looked for on: it is partly luck;"
            " the F1 held out is not."
        )
    unanswered = sum(note.outcome in UNANSWERED for note in notes)
    if unanswered:
        found.append(f"{unanswered} of {len(notes)} questions came back without a readable answer, as some will again.")
    return found
