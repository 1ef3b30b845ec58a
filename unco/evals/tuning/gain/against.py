"""Compare what two policies do on the same recorded posts."""

import numpy as np

from unco.evals.metrics.bootstrap import Interval, f1_difference, ratio_intervals
from unco.evals.metrics.paper import THREE_TASKS
from unco.evals.tuning.accept_levels import at_levels
from unco.evals.tuning.expected import scores
from unco.evals.tuning.gain.choose import at_gain
from unco.evals.tuning.outcomes import COLUMNS, Floats, outcomes_of
from unco.evals.tuning.recorded.paths import Recording
from unco.tools.extraction.policy import Policy


def under_policy(recording: Recording, policy: Policy) -> Recording:
    """Return the recording with a policy's levels of belief, and the thresholds that it gives to each entity."""
    return at_gain(at_levels(recording, policy.accept.as_accept()), policy.gain)


def against(recording: Recording, policy: Policy, other: Policy) -> dict[str, Interval]:
    """Compute how much a policy's F1 is above another's, and its calls as a share of the other's; paired by post.

    Raises:
        DataError: a post is not labelled.
    """
    outcomes = outcomes_of(recording)
    one, two = _by_post(recording, policy), _by_post(recording, other)
    found = {
        f"{task} above the other": f1_difference(scores(outcomes, two, task), scores(outcomes, one, task))
        for task in THREE_TASKS
    }
    calls, others = (np.asarray(table[:, [COLUMNS.index("calls")]]) for table in (one, two))
    return found | {"calls against the other's": ratio_intervals(calls, others)[0]}


def _by_post(recording: Recording, policy: Policy) -> Floats:
    return outcomes_of(under_policy(recording, policy)).by_post(policy.thresholds.as_thresholds())
