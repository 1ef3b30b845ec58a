"""A small model under a policy: its thresholds, and a word where they may not fit.

A run that uses a policy (`--policy`, `UNCO_POLICY`) has its thresholds in place of the checkpoint's; one that the
context names still wins. With another checkpoint than the one that the policy was made for the run warns and goes on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from unco.small_model.fingerprint import Identity
from unco.tools.extraction.extractor import Extractor, extract_async
from unco.tools.extraction.policy import Policy
from unco.types import Extraction, Post


def differences(policy: Policy, identity: Identity) -> tuple[str, ...]:
    """Why a policy may not fit a small model, a sentence each; none where it was made for it."""
    made_for = policy.checkpoint
    if made_for is None:
        return ("the policy does not say which checkpoint it was made for, so its thresholds may not fit",)
    found = []
    if made_for.sha256 != identity.sha256:
        found.append(
            f"the policy was made for the checkpoint {made_for.name} ({made_for.sha256[:12]}), this is {identity.name}"
            f" ({identity.sha256[:12]}): its thresholds may not fit, choose them anew with `unco tune`"
        )
    for what in ("estimator", "scheme"):
        wanted, got = getattr(made_for, what), getattr(identity, what)
        if wanted != got:
            found.append(f"the policy was made for the {what} {wanted}, this run has {got}: its thresholds may not fit")
    return tuple(found)


class PolicyExtractor:
    """A small model whose thresholds come from a policy; what does not fit is among its warnings."""

    def __init__(self, extractor: Extractor, policy: Policy, identify: Callable[[], Identity]) -> None:
        """Wrap a small model; nothing is read yet.

        Args:
            extractor: the small model.
            policy: the thresholds.
            identify: says which small model it is; called at the first post.
        """
        self._extractor = extractor
        self._policy = policy
        self._identify = identify
        self._warnings: tuple[str, ...] | None = None

    def __call__(self, post: Post) -> Extraction:
        """See `Extractor`."""
        return self._under_policy(self._extractor(post))

    async def acall(self, post: Post) -> Extraction:
        """As calling it, awaited; the first time, files are read in a thread."""
        found = await extract_async(self._extractor, post)
        return (
            await asyncio.to_thread(self._under_policy, found) if self._warnings is None else self._under_policy(found)
        )

    def _under_policy(self, found: Extraction) -> Extraction:
        if self._warnings is None:
            simulated = ("the policy's thresholds were chosen by the answers of a simulated MLLM",)
            said = simulated if self._policy.mllm.simulated else ()
            self._warnings = (*differences(self._policy, self._identify()), *said)
        thresholds = self._policy.thresholds.as_thresholds()
        return replace(found, thresholds=thresholds, warnings=(*found.warnings, *self._warnings))
