"""Make a policy from thresholds: with hashes, expectations and caveats."""

from collections import Counter
from dataclasses import dataclass

from unco.evals.metrics.bootstrap import Interval
from unco.evals.tuning.expected import expected
from unco.evals.tuning.outcomes import Outcomes
from unco.evals.tuning.recall_threshold import expect_recall
from unco.evals.tuning.recorded.paths import ALL, Recording
from unco.evals.tuning.recorded.replay import replay_post
from unco.evals.watch.features import reference_of
from unco.tools.extraction.policy import (
    Estimate,
    Policy,
    PolicyAccept,
    PolicyData,
    PolicyGain,
    PolicyMllm,
    PolicyThresholds,
    policy_checkpoint,
)
from unco.types import ATTRIBUTES, Accept, Attribute, Correction, Outcome, Thresholds

UNANSWERED: tuple[Outcome, ...] = ("failed", "unavailable")


@dataclass(frozen=True, slots=True)
class ChosenThresholds:
    """Chosen thresholds, with the method and its promise."""

    thresholds: Thresholds
    method: str
    promise: str = ""
    tried: int = 1
    """Number of combinations whose F1 was compared."""
    held_out: tuple[str, Interval] | None = None
    """A name, and the F1 of thresholds chosen in the same way, on posts that they were not chosen on."""
    gain: PolicyGain | None = None
    """From which each entity gets thresholds of its own; None = `thresholds` are those of all."""


def make_policy(
    recording: Recording,
    outcomes: Outcomes,
    chosen: ChosenThresholds,
    accept: Accept = Accept(),  # noqa: B008  # frozen
) -> Policy:
    """Make the policy of chosen thresholds.

    Args:
        recording: paths of labelled posts, with own thresholds where they were chosen.
        outcomes: the outcomes of the same posts.
        chosen: thresholds.
        accept: least belief in changes, which `recording` has been put under.
    """
    about, notes = recording.about, _corrections(recording)
    return Policy(
        method=chosen.method,
        promise=chosen.promise,
        thresholds=_section(chosen.thresholds),
        accept=PolicyAccept(span=accept.span, type=accept.type, region=accept.region),
        gain=chosen.gain,
        checkpoint=None if about.checkpoint is None else policy_checkpoint(about.checkpoint),
        data=PolicyData(
            sha256=outcomes.data_sha256, posts=len(recording.posts), entities=int(outcomes.predicted.sum())
        ),
        mllm=PolicyMllm(
            models=tuple(sorted({note.model for note in notes if note.model})),
            simulated=recording.simulated,
            prompts=_prompts(notes),
            stated_thresholds=_section(thresholds_in_prompts(recording)),
        ),
        expected=_estimates(recording, outcomes, chosen),
        notes=(*_caveats(recording, chosen, notes), *_caveats_of_levels(accept)),
        reference=reference_of((replay_post(post, chosen.thresholds) for post in recording.posts), chosen.thresholds),
    )


def thresholds_in_prompts(recording: Recording) -> Thresholds:
    """Return the thresholds that the prompts stated."""
    return recording.posts[0].extraction.thresholds if recording.posts else ALL


def _estimates(recording: Recording, outcomes: Outcomes, chosen: ChosenThresholds) -> dict[str, Estimate]:
    held_out = () if chosen.held_out is None else (chosen.held_out,)
    found = dict((*held_out, *expected(outcomes, chosen.thresholds).items()))
    found |= expect_recall(recording, chosen.thresholds.recall)
    return {name: Estimate(value=one.value, low=one.low, high=one.high) for name, one in found.items()}


def _section(thresholds: Thresholds) -> PolicyThresholds:
    span, kind, region = (thresholds.of(name) for name in ATTRIBUTES)
    return PolicyThresholds(span=span, type=kind, region=region, drop=thresholds.drop, recall=thresholds.recall)


def _corrections(recording: Recording) -> list[Correction]:
    return [one.correction for post in recording.posts for answers in post.answers for one in answers]


def _prompts(notes: list[Correction]) -> dict[Attribute, str]:
    counts_by_attribute: dict[Attribute, Counter[str]] = {name: Counter() for name in ATTRIBUTES}
    for note in notes:
        counts_by_attribute[note.attribute][f"{note.prompt} {note.prompt_hash}".strip()] += 1
    return {name: " and ".join(sorted(counts)) for name, counts in counts_by_attribute.items() if counts}


def _caveats_of_levels(accept: Accept) -> tuple[str, ...]:
    if accept == Accept():
        return ()
    return (
        "The levels of belief were chosen on these posts, before the thresholds: no figure here is held out of them.",
    )


def _caveats(recording: Recording, chosen: ChosenThresholds, notes: list[Correction]) -> list[str]:
    about, found = recording.about, list[str]()
    if recording.simulated:
        found.append(
            "The MLLM was simulated: it knows the gold answers and errs as its profile says. These thresholds and"
            " figures show how the tool works and say nothing of a real model."
        )
    named = thresholds_in_prompts(recording)
    own = chosen.gain is not None
    if approximated := [name for name in about.stating if own or chosen.thresholds.of(name) != named.of(name)]:
        found.append(
            f"Approximated: answers about {', '.join(approximated)}, whose prompt states the threshold; while recording"
            " it stated the stated_thresholds, not these. All else is exact: every question that these thresholds lead"
            " to was asked on its own path."
        )
    if labels := next((post.extraction.labels for post in recording.posts if post.extraction.own_labels), ()):
        names = ", ".join(label.name for label in labels)
        found.append(f"Types were chosen from a list of your own ({names}): use this policy with the same --labels.")
    if about.floor != ALL:
        found.append(f"Nothing was recorded, so nothing tried, at or below {about.floor}.")
    if chosen.tried > 1:
        found.append(
            f"F1 is of the posts that the best of {chosen.tried} combinations was looked for on: it is partly luck;"
            " the F1 held out is not."
        )
    asked = [note for note in notes if note.reason != "no_picture"]  # where there is nothing to ask about
    unanswered = sum(note.outcome in UNANSWERED for note in asked)
    if notes and unanswered == len(asked):
        found.append("Nobody was asked: this is for runs without an MLLM.")
    elif unanswered:
        found.append(f"{unanswered} of {len(asked)} questions came back without a readable answer, as some will again.")
    return found
