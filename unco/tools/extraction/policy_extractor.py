"""Stage 1 with the thresholds of a policy, and warnings where they may not fit the checkpoint.

A run with a policy (`--policy`, `UNCO_POLICY`) uses its thresholds in place of the checkpoint's; a threshold set in the
context still wins. With another checkpoint than the policy was made for, the run warns and goes on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from unco.small_model.fingerprint import Fingerprint
from unco.tools.extraction.call import extract_async
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.own_thresholds import with_own_thresholds
from unco.tools.extraction.policy import Policy, PolicyGain
from unco.types import Extraction, Post


def mismatches(policy: Policy, fingerprint: Fingerprint) -> tuple[str, ...]:
    """List why a policy may not fit a small model, a sentence each; empty if it was made for it."""
    made_for = policy.checkpoint
    if made_for is None:
        return ("the policy does not say which checkpoint it was made for, so its thresholds may not fit",)
    found = []
    if made_for.sha256 != fingerprint.sha256:
        found.append(
            f"the policy was made for the checkpoint {made_for.name} ({made_for.sha256[:12]}), this is "
            f"{fingerprint.name} ({fingerprint.sha256[:12]}): "
            "its thresholds may not fit, choose them anew with `unco tune`"
        )
    for what in ("estimator", "scheme"):
        wanted, got = getattr(made_for, what), getattr(fingerprint, what)
        if wanted != got:
            found.append(f"the policy was made for the {what} {wanted}, this run has {got}: its thresholds may not fit")
    return tuple(found)


class PolicyExtractor:
    """Extractor that replaces another one's thresholds by a policy's and warns of mismatches."""

    def __init__(self, extractor: Extractor, policy: Policy, fingerprint_of: Callable[[], Fingerprint]) -> None:
        """Wrap an extractor; no file is read yet.

        Args:
            extractor: the small model.
            policy: the thresholds.
            fingerprint_of: gives the small model's fingerprint; called at the first post.
        """
        self._extractor = extractor
        self._policy = policy
        self._fingerprint_of = fingerprint_of
        self._warnings: tuple[str, ...] | None = None

    def __call__(self, post: Post) -> Extraction:
        """Extract the entities of a post and apply the policy; see `Extractor`."""
        return self._apply_policy(self._extractor(self._asking(post)))

    async def acall(self, post: Post) -> Extraction:
        """Extract the entities without holding a thread; at the first post, files are read in one."""
        found = await extract_async(self._extractor, self._asking(post))
        return (
            await asyncio.to_thread(self._apply_policy, found) if self._warnings is None else self._apply_policy(found)
        )

    def _asking(self, post: Post) -> Post:
        """Have near misses looked for, where the policy has a threshold for them."""
        return post if self._policy.thresholds.recall is None else replace(post, near_misses=True)

    def _apply_policy(self, found: Extraction) -> Extraction:
        if self._warnings is None:
            simulated = ("the policy's thresholds were chosen by the answers of a simulated MLLM",)
            mllm_warnings = simulated if self._policy.mllm.simulated else ()
            self._warnings = (*mismatches(self._policy, self._fingerprint_of()), *mllm_warnings)
        thresholds, accept = self._policy.thresholds.as_thresholds(), self._policy.accept.as_accept()
        found = replace(found, thresholds=thresholds, accept=accept, warnings=(*found.warnings, *self._warnings))
        return with_own_thresholds(found, self._policy.gain)


def with_gain(extractor: Extractor, gain: PolicyGain | None) -> Extractor:
    """Wrap an extractor so that each entity has thresholds of its own; None = it comes back as it is."""
    return extractor if gain is None else lambda post: with_own_thresholds(extractor(post), gain)
