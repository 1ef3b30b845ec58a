"""Choose how much a question must gain: so that F1 is above that of the joint sweep, with at most its calls."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unco.errors import DataError, SettingsError
from unco.evals.metrics.bootstrap import Interval, f1_difference, f1_interval
from unco.evals.metrics.paper import Task
from unco.evals.tuning.choose import choose_jointly
from unco.evals.tuning.expected import scores
from unco.evals.tuning.gain.cases import Flags, cases_of
from unco.evals.tuning.gain.cross_fit import HeldOut, cross_fit
from unco.evals.tuning.gain.in_words import in_words, thresholds_by_type
from unco.evals.tuning.gain.learn import Table
from unco.evals.tuning.held_out import held_out_by_post
from unco.evals.tuning.outcomes import COLUMNS, Floats, Outcomes, outcomes_of
from unco.evals.tuning.recorded.paths import ALL, PostPaths, Recording
from unco.evals.tuning.recorded.question_cost import recorded_usd
from unco.tools.extraction.known_names import pack_names, unpack_names
from unco.tools.extraction.own_thresholds import with_own_thresholds
from unco.tools.extraction.policy import PolicyGain, PolicyQuestion
from unco.types import ALWAYS, ATTRIBUTES, Attribute, Thresholds

COUNTS: dict[Task, tuple[Attribute, ...]] = {
    "GMNER": ATTRIBUTES,
    "MNER": ("span", "type"),
    "EEG": ("span", "region"),
}
"""Attributes that must be right for an entity to count."""

LEVELS = 41
"""Least gains that are tried: those that let through all questions that gain, or even shares of them, down to none."""

_CALLS = COLUMNS.index("calls")


@dataclass(frozen=True, slots=True)
class LearnedGain:
    """What `choose_gain` found."""

    gain: PolicyGain | None
    """None = nothing was learned that is worth routing by."""
    thresholds: Thresholds
    """Of all entities: the prompts' own where there is a gain, else those of the joint sweep."""
    why: str
    """What was done, and why."""
    held_out: Interval | None
    """F1 on posts that the gains were not learned on; None = there is no gain."""
    tried: int


def choose_gain(recording: Recording, outcomes: Outcomes, task: Task) -> LearnedGain:
    """Learn the gains of questions, and choose how much one must gain to be asked.

    Raises:
        DataError: a post is not labelled, or there are too few of them, or nobody was asked.
        SettingsError: types are from a list of the user's own, of which nothing can be learned.
    """
    if any(post.extraction.own_labels for post in recording.posts):
        raise SettingsError("--method gain learns about the small model's own types: leave out --labels, or use joint")
    packed = pack_names(recording.about.known_names)
    table = Table(cases_of(recording, unpack_names(packed)), outcomes.uncertainty)
    _check(table, outcomes)
    joint, held_out = choose_jointly(outcomes, task), cross_fit(table, outcomes)
    joint_held_out = held_out_by_post(outcomes, lambda some: choose_jointly(some, task).thresholds)
    assert joint_held_out is not None  # there are posts enough, as just checked
    counted = [
        name for place, name in enumerate(ATTRIBUTES) if name in COUNTS[task] and table.cases.taught[:, place].any()
    ]
    if not any(held_out.knows[name].low > 0 for name in counted):
        why = "gain: nothing that is known of an entity tells right answers from wrong ones, so nothing was learned:"
        return LearnedGain(
            None, joint.thresholds, f"{why} the thresholds are those of the joint sweep", None, joint.tried
        )
    prices = _prices(recording)
    worth = _gains(held_out, counted, recording.about.floor, outcomes.uncertainty) / list(prices.values())
    level = _level(outcomes, worth, joint_held_out, task)
    if level is None:
        why = "gain: no least gain is clearly better than the joint sweep on posts held out, so its thresholds stay"
        return LearnedGain(None, joint.thresholds, why, None, joint.tried + LEVELS)
    questions = _questions(
        table, counted, {name: level * price for name, price in prices.items()}, recording.about.floor
    )
    gain = PolicyGain(questions=questions, known_names=packed)
    under, ruled = _routing(outcomes, worth > level), at_gain(recording, gain)
    words = (*in_words(gain, table, held_out), *thresholds_by_type(ruled, outcomes_of(ruled)))
    return LearnedGain(
        gain=gain.model_copy(update={"learned": words}),
        thresholds=replace(recording.posts[0].extraction.thresholds, drop=1.0, recall=None),
        why=f"gain: asked about where a question gains enough; the fewest calls within one standard error of the best"
        f" {task} F1 on posts held out, and above that of the joint sweep by one, with at most its calls",
        held_out=f1_interval(scores(outcomes, under.by_post(ALL), task)),
        tried=LEVELS,
    )


def _questions(
    table: Table, counted: Collection[Attribute], least: Mapping[Attribute, float], floor: Thresholds
) -> dict[Attribute, PolicyQuestion]:
    """Learn each attribute's chances from all posts."""
    cases = table.cases
    return {
        name: PolicyQuestion(
            own=table.fit(place, cases.taught[:, place], cases.own[:, place]),
            answer=table.fit(place, cases.taught[:, place], cases.answer[:, place]),
            least_gain=round(least[name], 6),
            floor=floor.of(name),
        )
        for place, name in enumerate(ATTRIBUTES)
        if name in counted
    }


def at_gain(recording: Recording, gain: PolicyGain | None) -> Recording:
    """Return the recording with the thresholds that each entity has of its own."""
    return replace(recording, posts=tuple(_at_gain(post, gain) for post in recording.posts))


def _at_gain(post: PostPaths, gain: PolicyGain | None) -> PostPaths:
    """Leave types of the user's own to the policy's thresholds, as the graph does."""
    if post.extraction.own_labels:
        return post
    return replace(post, extraction=with_own_thresholds(post.extraction, gain))


def _check(table: Table, outcomes: Outcomes) -> None:
    if not table.cases.taught.any():
        raise DataError("nobody was asked in this recording, so there is nothing to learn gains from")
    if len(outcomes.gold) < 100:
        raise DataError(f"{len(outcomes.gold)} posts are too few to learn gains from: take 100 or more")


def _prices(recording: Recording) -> dict[Attribute, float]:
    """Return what a question about each attribute costs, against the mean of them; all the same where it is unknown."""
    try:
        usd = recorded_usd(recording)
    except SettingsError:  # no price is known, or no token counts
        return dict.fromkeys(ATTRIBUTES, 1.0)
    mean = sum(usd.values()) / len(ATTRIBUTES)
    return {name: usd[name] / mean if mean > 0 and usd[name] > 0 else 1.0 for name in ATTRIBUTES}


def _gains(held_out: HeldOut, counted: Collection[Attribute], floor: Thresholds, uncertainty: Floats) -> Floats:
    """Compute what each question adds to the chance that the whole entity is right: (E, 3); -1 = it is not asked."""
    best = np.maximum(held_out.own, held_out.answer)
    gains = np.full_like(best, -1.0)
    for place, name in enumerate(ATTRIBUTES):
        if name in counted:
            others = [other for other, kind in enumerate(ATTRIBUTES) if kind in counted and other != place]
            more = held_out.answer[:, place] - held_out.own[:, place]
            gains[:, place] = np.where(uncertainty[:, place] > floor.of(name), more * best[:, others].prod(1), -1.0)
    return gains


def _level(outcomes: Outcomes, worth: Floats, joint: Floats, task: Task) -> float | None:
    """Find the least gain with the fewest calls that is clearly better than the joint sweep; None = none is.

    Both were chosen on other posts. Better means: no more calls, and an F1 that is above by one standard error of the
    difference, over posts drawn together, and within one of the best such F1.
    """
    wanted, most = scores(outcomes, joint, task), joint[:, _CALLS].sum()
    found = list[tuple[float, float, Interval]]()
    for level in _levels(worth):
        by_post = _routing(outcomes, worth > level).by_post(ALL)
        if (calls := float(by_post[:, _CALLS].sum())) <= most:
            found.append((calls, level, f1_difference(wanted, scores(outcomes, by_post, task))))
    best = max((above.value - _error(above) for *_, above in found), default=0.0)
    good = [(calls, level) for calls, level, above in found if above.value >= max(best, _error(above))]
    return min(good)[1] if good else None


def _error(difference: Interval) -> float:
    """Return the standard error: an interval of 95 % is four of them wide."""
    return (difference.high - difference.low) / 4


def _levels(worth: Floats) -> Sequence[float]:
    gained = worth[worth > 0]
    shares = np.quantile(gained, np.linspace(0, 1, LEVELS - 1)) if len(gained) else np.zeros(0)
    return sorted({0.0, *map(float, shares)})


def _routing(outcomes: Outcomes, asked: Flags) -> Outcomes:
    """Return the outcomes under a routing of each entity."""
    return replace(outcomes, own=np.where(asked, ALWAYS, 1.0))
