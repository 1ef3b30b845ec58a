"""The ways to choose thresholds, by name, as `unco tune --method` has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from unco.errors import SettingsError
from unco.evals.metrics.paper import THREE_TASKS, Task
from unco.evals.tuning.call_rate import share_for_calls, share_for_usd, thresholds_for_share
from unco.evals.tuning.choose import choose_jointly
from unco.evals.tuning.held_out import held_out_f1
from unco.evals.tuning.learn_then_test import Promises, learn_then_test
from unco.evals.tuning.make_policy import Chosen
from unco.evals.tuning.outcomes import Outcomes
from unco.evals.tuning.recorded.paths import Recorded
from unco.evals.tuning.recorded.question_cost import recorded_calls, recorded_usd
from unco.evals.tuning.risk_control import confident_thresholds, conformal_thresholds
from unco.types import Thresholds

Method = Literal["joint", "call-rate", "conformal", "risk", "ltt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What thresholds should do."""

    method: Method = "joint"
    task: Task = "GMNER"
    """Whose F1 counts, for `joint` and `ltt`."""
    share: float | None = None
    """For `call-rate`: of spans, types and regions to ask about. One of the three, or"""
    calls: float | None = None
    """calls for 1,000 posts, or"""
    usd: float | None = None
    """US dollars for 1,000 posts."""
    alpha: float = 0.05
    """For `conformal`, `risk` and `ltt`: most of the share of a post's entities that keep what is wrong."""
    delta: float = 0.05
    """For `risk` and `ltt`: chance that the promise is broken."""
    asked: float = 0.3
    """For `ltt`: most of the share of a post's attributes that are asked about."""

    def __post_init__(self) -> None:
        """Refuse unknown names.

        Raises:
            SettingsError: no such method or task.
        """
        for name, value, known in (("method", self.method, get_args(Method)), ("task", self.task, THREE_TASKS)):
            if value not in known:
                raise SettingsError(f"no {name} {value!r}: choose one of {', '.join(known)}")


def floor_of(uncertainty: float) -> Thresholds:
    """The same floor for all three attributes.

    Raises:
        SettingsError: it is no threshold.
    """
    try:
        return Thresholds(uncertainty, uncertainty, uncertainty)
    except ValueError as error:
        raise SettingsError(f"floor: {error}") from error


def choose(recorded: Recorded, outcomes: Outcomes, wanted: Wanted) -> Chosen:
    """Choose thresholds.

    Raises:
        SettingsError: a number is out of range.
        DataError: there are too few posts for what is wanted.
        SetupError: an extra is missing.
    """
    ways: dict[Method, Callable[[], Chosen]] = {
        "joint": lambda: _joint(outcomes, wanted.task),
        "call-rate": lambda: _call_rate(recorded, outcomes, wanted),
        "conformal": lambda: _conformal(outcomes, wanted.alpha),
        "risk": lambda: _risk(outcomes, wanted.alpha, wanted.delta),
        "ltt": lambda: _ltt(outcomes, wanted),
    }
    return ways[wanted.method]()


def _joint(outcomes: Outcomes, task: Task) -> Chosen:
    choice = choose_jointly(outcomes, task)
    method = (
        f"joint sweep: the cheapest of {choice.tried} combinations with a {task} F1 within one standard error"
        f" ({100 * choice.standard_error:.2f}) of the best ({100 * choice.best_f1:.2f})"
    )
    held_out = held_out_f1(outcomes, lambda some: choose_jointly(some, task).thresholds, task)
    named = None if held_out is None else (f"{task} held out", held_out)
    return Chosen(choice.thresholds, method, tried=choice.tried, held_out=named)


def _call_rate(recorded: Recorded, outcomes: Outcomes, wanted: Wanted) -> Chosen:
    given = {name: getattr(wanted, name) for name in ("share", "calls", "usd")}
    if sum(value is not None for value in given.values()) != 1:
        raise SettingsError("call-rate needs one of a share (0 to 1), calls or US dollars for 1,000 posts")
    doubt, posts = outcomes.uncertainty, len(outcomes.gold)
    if wanted.share is not None:
        share, what = wanted.share, "as wanted"
    elif wanted.calls is not None:
        share, what = share_for_calls(doubt, posts, wanted.calls, recorded_calls(recorded)), f"{wanted.calls:g} calls"
    else:
        share, what = share_for_usd(doubt, posts, wanted.usd or 0.0, recorded_usd(recorded)), f"${wanted.usd:g}"
    what = what if wanted.share is not None else f"what {what} for 1,000 posts pay for"
    method = f"call rate: {100 * share:.1f} % of spans, of types and of regions are asked about, {what}; no labels used"
    return Chosen(thresholds_for_share(doubt, share), method)


def _conformal(outcomes: Outcomes, alpha: float) -> Chosen:
    promise = (
        f"For each attribute, the share of a new post's entities that keep it wrong is at most {alpha} on average, over"
        " posts drawn as these and over calibration sets."
    )
    return Chosen(conformal_thresholds(outcomes, alpha), "conformal risk control, by post", promise)


def _risk(outcomes: Outcomes, alpha: float, delta: float) -> Chosen:
    promise = (
        f"With a confidence of {1 - delta:g}: for all three attributes, the share of a post's entities that keep it"
        f" wrong is at most {alpha} on average over posts drawn as these."
    )
    return Chosen(confident_thresholds(outcomes, alpha, delta), "risk control with confidence, by post", promise)


def _ltt(outcomes: Outcomes, wanted: Wanted) -> Chosen:
    choice = learn_then_test(outcomes, Promises(wanted.alpha, wanted.asked, wanted.delta), wanted.task)
    promise = (
        f"With a confidence of {1 - wanted.delta:g}, on average over posts drawn as these: at most {wanted.alpha} of a"
        f" post's entities keep a wrong attribute, and at most {wanted.asked} of its attributes are asked about."
    )
    method = (
        f"learn then test, by post: the cheapest of {choice.tried} certified combinations within one standard error"
    )
    return Chosen(choice.thresholds, f"{method} of the best {wanted.task} F1", promise, choice.tried)
