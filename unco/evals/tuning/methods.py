"""The methods to choose thresholds, by name, as `unco tune --method` has them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from unco.errors import SettingsError
from unco.evals.metrics.drop_level import DROP_LEVELS
from unco.evals.metrics.paper import THREE_TASKS, Task
from unco.evals.tuning.call_rate import share_for_calls, share_for_usd, thresholds_for_share
from unco.evals.tuning.choose import choose_jointly, with_best_drop
from unco.evals.tuning.gain.choose import at_gain, choose_gain
from unco.evals.tuning.held_out import held_out_f1
from unco.evals.tuning.learn_then_test import Promises, learn_then_test
from unco.evals.tuning.make_policy import ChosenThresholds, thresholds_in_prompts
from unco.evals.tuning.outcomes import Outcomes, outcomes_of
from unco.evals.tuning.recall_threshold import threshold_for_rate
from unco.evals.tuning.recorded.paths import Recording
from unco.evals.tuning.recorded.question_cost import recorded_calls, recorded_usd
from unco.evals.tuning.risk_control import confident_thresholds, conformal_thresholds
from unco.types import Thresholds

Method = Literal["joint", "call-rate", "conformal", "risk", "ltt", "gain", "checkpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningGoal:
    """What the thresholds should achieve, and by which method."""

    method: Method = "joint"
    task: Task = "GMNER"
    """Task whose F1 counts, for `joint`, `gain` and `ltt`."""
    share: float | None = None
    """For `call-rate`: share of spans, types and regions to ask about. Give one of this,"""
    calls: float | None = None
    """calls for 1,000 posts, or"""
    usd: float | None = None
    """US dollars for 1,000 posts."""
    alpha: float = 0.05
    """For `conformal`, `risk` and `ltt`: highest share of a post's entities that keep a wrong attribute."""
    delta: float = 0.05
    """For `risk` and `ltt`: chance that the promise is broken."""
    asked: float = 0.3
    """For `ltt`: highest share of a post's attributes that are asked about."""
    drop: bool = False
    """Whether to choose, after the thresholds, the level of doubt above which entities are dropped."""
    recall_share: float | None = None
    """Share of the posts to ask about missed entities, those with the likeliest near misses; None = none."""

    def __post_init__(self) -> None:
        """Refuse unknown methods and tasks.

        Raises:
            SettingsError: no such method or task.
        """
        for name, value, known in (("method", self.method, get_args(Method)), ("task", self.task, THREE_TASKS)):
            if value not in known:
                raise SettingsError(f"no {name} {value!r}: choose one of {', '.join(known)}")


def equal_thresholds(uncertainty: float) -> Thresholds:
    """Make thresholds that are the same for all three attributes.

    Raises:
        SettingsError: it is no threshold.
    """
    try:
        return Thresholds(uncertainty, uncertainty, uncertainty)
    except ValueError as error:
        raise SettingsError(f"floor: {error}") from error


def choose(recording: Recording, outcomes: Outcomes, goal: TuningGoal) -> ChosenThresholds:
    """Choose thresholds by the goal's method.

    Raises:
        SettingsError: a number is out of range.
        DataError: there are too few posts for what is wanted.
        SetupError: an extra is missing.
    """
    ways: dict[Method, Callable[[], ChosenThresholds]] = {
        "joint": lambda: _joint(outcomes, goal.task),
        "call-rate": lambda: _call_rate(recording, outcomes, goal),
        "conformal": lambda: _conformal(outcomes, goal.alpha),
        "risk": lambda: _risk(outcomes, goal.alpha, goal.delta),
        "ltt": lambda: _ltt(outcomes, goal),
        "gain": lambda: _gain(recording, outcomes, goal.task),
        "checkpoint": lambda: ChosenThresholds(thresholds_in_prompts(recording), "the checkpoint's own thresholds"),
    }
    chosen = ways[goal.method]()
    if chosen.gain is not None:
        outcomes = outcomes_of(at_gain(recording, chosen.gain))
    chosen = _with_drop(outcomes, chosen, goal) if goal.drop else chosen
    return chosen if goal.recall_share is None else _with_recall(recording, chosen, goal.recall_share)


def _with_drop(outcomes: Outcomes, chosen: ChosenThresholds, goal: TuningGoal) -> ChosenThresholds:
    """Add the level above which entities are dropped; held out, it is chosen anew, and so are joint thresholds."""

    def choose_all(some: Outcomes) -> Thresholds:
        thresholds = choose_jointly(some, goal.task).thresholds if goal.method == "joint" else chosen.thresholds
        return with_best_drop(some, thresholds, goal.task)

    thresholds = with_best_drop(outcomes, chosen.thresholds, goal.task)
    # Gains were learned from all posts here, so nothing would be held out.
    held_out = None if chosen.gain else held_out_f1(outcomes, choose_all, goal.task)
    return replace(
        chosen,
        thresholds=thresholds,
        method=f"{chosen.method}; then, of {len(DROP_LEVELS)} levels to drop above, that of the best {goal.task} F1",
        tried=chosen.tried * len(DROP_LEVELS),
        held_out=None if held_out is None else (f"{goal.task} held out", held_out),
    )


def _with_recall(recording: Recording, chosen: ChosenThresholds, share: float) -> ChosenThresholds:
    """Add the threshold of near misses that asks a share of the posts about missed entities."""
    thresholds = replace(chosen.thresholds, recall=threshold_for_rate(recording, share))
    method = f"{chosen.method}; {100 * share:.1f} % of the posts are asked about missed entities"
    return replace(chosen, thresholds=thresholds, method=method)


def _joint(outcomes: Outcomes, task: Task) -> ChosenThresholds:
    choice = choose_jointly(outcomes, task)
    method = (
        f"joint sweep: the cheapest of {choice.tried} combinations with a {task} F1 within one standard error"
        f" ({100 * choice.standard_error:.2f}) of the best ({100 * choice.best_f1:.2f})"
    )
    held_out = held_out_f1(outcomes, lambda some: choose_jointly(some, task).thresholds, task)
    named = None if held_out is None else (f"{task} held out", held_out)
    return ChosenThresholds(choice.thresholds, method, tried=choice.tried, held_out=named)


def _gain(recording: Recording, outcomes: Outcomes, task: Task) -> ChosenThresholds:
    found = choose_gain(recording, outcomes, task)
    named = None if found.held_out is None else (f"{task} held out", found.held_out)
    return ChosenThresholds(found.thresholds, found.why, tried=found.tried, held_out=named, gain=found.gain)


def _call_rate(recording: Recording, outcomes: Outcomes, goal: TuningGoal) -> ChosenThresholds:
    given = {name: getattr(goal, name) for name in ("share", "calls", "usd")}
    if sum(value is not None for value in given.values()) != 1:
        raise SettingsError("call-rate needs one of a share (0 to 1), calls or US dollars for 1,000 posts")
    uncertainty, posts = outcomes.uncertainty, len(outcomes.gold)
    if goal.share is not None:
        share, what = goal.share, "as wanted"
    elif goal.calls is not None:
        share, what = (
            share_for_calls(uncertainty, posts, goal.calls, recorded_calls(recording)),
            f"{goal.calls:g} calls",
        )
    else:
        share, what = share_for_usd(uncertainty, posts, goal.usd or 0.0, recorded_usd(recording)), f"${goal.usd:g}"
    what = what if goal.share is not None else f"what {what} for 1,000 posts pay for"
    method = f"call rate: {100 * share:.1f} % of spans, of types and of regions are asked about, {what}; no labels used"
    return ChosenThresholds(thresholds_for_share(uncertainty, share), method)


def _conformal(outcomes: Outcomes, alpha: float) -> ChosenThresholds:
    promise = (
        f"For each attribute, the share of a new post's entities that keep it wrong is at most {alpha} on average, over"
        " posts drawn as these and over calibration sets."
    )
    return ChosenThresholds(conformal_thresholds(outcomes, alpha), "conformal risk control, by post", promise)


def _risk(outcomes: Outcomes, alpha: float, delta: float) -> ChosenThresholds:
    promise = (
        f"With a confidence of {1 - delta:g}: for all three attributes, the share of a post's entities that keep it"
        f" wrong is at most {alpha} on average over posts drawn as these."
    )
    return ChosenThresholds(
        confident_thresholds(outcomes, alpha, delta), "risk control with confidence, by post", promise
    )


def _ltt(outcomes: Outcomes, goal: TuningGoal) -> ChosenThresholds:
    choice = learn_then_test(outcomes, Promises(goal.alpha, goal.asked, goal.delta), goal.task)
    promise = (
        f"With a confidence of {1 - goal.delta:g}, on average over posts drawn as these: at most {goal.alpha} of a"
        f" post's entities keep a wrong attribute, and at most {goal.asked} of its attributes are asked about."
    )
    method = (
        f"learn then test, by post: the cheapest of {choice.tried} certified combinations within one standard error"
    )
    return ChosenThresholds(choice.thresholds, f"{method} of the best {goal.task} F1", promise, choice.tried)
