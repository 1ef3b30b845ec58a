"""Say in words what was learned about gains, and what thresholds came of it."""

from collections.abc import Iterator

import numpy as np

from unco.evals.metrics.uncertainty import auroc, calibration_error
from unco.evals.tuning.gain.cross_fit import HeldOut
from unco.evals.tuning.gain.learn import RARE, Table
from unco.evals.tuning.outcomes import Outcomes
from unco.evals.tuning.recorded.paths import Recording
from unco.tools.extraction.policy import PolicyGain, PolicyRegression
from unco.types import ATTRIBUTES, Attribute

SAID = 4
"""Features that are named of each attribute: those that make the most difference."""


def in_words(gain: PolicyGain, table: Table, held_out: HeldOut) -> tuple[str, ...]:
    """Describe what was learned of each attribute, a sentence each."""
    return tuple(
        _sentence(name, place, gain.questions[name].answer, table, held_out)
        for place, name in enumerate(ATTRIBUTES)
        if name in gain.questions
    )


def _sentence(name: Attribute, place: int, answer: PolicyRegression, table: Table, held_out: HeldOut) -> str:
    rows = table.cases.taught[:, place]
    own, right = table.cases.own[rows, place], table.cases.answer[rows, place]
    chances = held_out.answer[rows, place].tolist()
    known, wrong = held_out.knows[name], (~right).tolist()
    depends = _differences(answer, table) if known.low > 0 else "nothing that is known of an entity"
    return (
        f"{name}: of {len(right)} entities the small model is right about {100 * own.mean():.1f} %, the answers about"
        f" {100 * right.mean():.1f} %. How right an answer is depends on: {depends}. Held out: AUROC"
        f" {auroc([-chance for chance in chances], wrong) or 0.5:.3f}, calibration error"
        f" {100 * (calibration_error([1 - chance for chance in chances], wrong) or 0.0):.1f} %, {known.value:.4f} nats"
        f" better than one chance for all ({known.low:.4f} to {known.high:.4f})."
    )


def _differences(answer: PolicyRegression, table: Table) -> str:
    """Name the features whose usual difference moves the log-odds of a right answer most."""
    spread = dict(zip(table.names, table.columns.std(0).tolist(), strict=True))
    effects = {name: weight * spread[name] for name, weight in answer.weights.items() if name in spread}
    most = sorted(effects, key=lambda name: -abs(effects[name]))[:SAID]
    return ", ".join(f"{name} ({answer.weights[name]:+.2f})" for name in most)


def thresholds_by_type(recording: Recording, outcomes: Outcomes) -> Iterator[str]:
    """Describe the own thresholds of the entities of each type that is not rare; see `at_gain`."""
    assert outcomes.own is not None
    kinds = np.array([entity.shown_type for post in recording.posts for entity in post.extraction.entities])
    asked = outcomes.uncertainty > outcomes.own
    for kind in sorted(set(kinds.tolist())):
        rows = kinds == kind
        if rows.sum() >= RARE:
            parts = (
                f"{name} {max(0.0, float(np.median(outcomes.own[rows, place]))):.2f}"
                f" ({100 * asked[rows, place].mean():.0f} % asked about)"
                for place, name in enumerate(ATTRIBUTES)
            )
            yield f"{kind}: median thresholds of {rows.sum()} entities: {', '.join(parts)}."
