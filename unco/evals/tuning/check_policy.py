"""Check a policy on posts: whether they are those it was made with, and whether it does there what it expects."""

from collections.abc import Sequence
from dataclasses import dataclass

from unco.evals.tuning.expected import Expected, expected
from unco.evals.tuning.outcomes import Outcomes
from unco.tools.extraction.policy import Estimate, Policy
from unco.tools.extraction.policy_extractor import mismatches
from unco.types import ATTRIBUTES


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """The result of checking a policy on posts."""

    found: Expected
    """The same figures as the policy's own, on these posts."""
    warnings: tuple[str, ...]


def check_policy(policy: Policy, outcomes: Outcomes) -> PolicyCheck:
    """Compare what a policy expects with what it does on labelled, recorded posts."""
    about = outcomes.about
    found = expected(outcomes, policy.thresholds.as_thresholds())
    warnings = [] if about.checkpoint is None else list(mismatches(policy, about.checkpoint))
    if outcomes.data_sha256 != policy.data.sha256:
        warnings.append(
            f"the policy was made for other data: {policy.data.posts} posts with the hash {policy.data.sha256[:12]},"
            f" these {len(outcomes.gold)} have {outcomes.data_sha256[:12]}"
        )
        warnings += drift_warnings(policy, found)
    if policy.promise and outcomes.data_sha256 != policy.data.sha256:
        warnings.append("its promise holds for posts drawn as those it was calibrated on: see that these are")
    return PolicyCheck(found, tuple(warnings))


def drift_warnings(policy: Policy, found: Expected) -> Sequence[str]:
    """Describe shares of entities asked about that are not what the policy expects, a sentence each.

    They need no labels, so they show early that posts have changed. A difference counts when it is beyond what both
    intervals together explain: by chance alone that happens to one share in twenty.
    """
    found_warnings = []
    for name in (f"routed {attribute}" for attribute in ATTRIBUTES):
        before = policy.expected.get(name)
        now = found[name]
        if before is None:
            continue
        room = (_half_width(before.low, before.high) ** 2 + _half_width(now.low, now.high) ** 2) ** 0.5
        if abs(now.value - before.value) > room:
            found_warnings.append(
                f"{name}: {100 * now.value:.1f} % of the entities here, {100 * before.value:.1f} % expected"
                f" ({_bounds(before)}): these posts are not like those of the policy"
            )
    return found_warnings


def _half_width(low: float, high: float) -> float:
    return (high - low) / 2


def _bounds(estimate: Estimate) -> str:
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}"
