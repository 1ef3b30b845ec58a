"""A policy written by hand."""

from typing import Any

from unco.small_model.fingerprint import Fingerprint
from unco.tools.extraction.policy import Policy, policy_checkpoint

MODEL = Fingerprint("made", "a" * 64, "gmner", "learned", {name: (0.0, 1.0) for name in ("span", "type", "region")})
LOW = {"span": 0.05, "type": 0.95, "region": -1.0}


def policy_of(identity: Fingerprint | None = MODEL, **changes: Any) -> Policy:
    fields: dict[str, Any] = {
        "method": "by hand",
        "thresholds": LOW,
        "checkpoint": None if identity is None else policy_checkpoint(identity),
        "data": {"sha256": "c" * 64, "posts": 3, "entities": 5},
        "mllm": {"models": ("m",), "prompts": {"span": "span/v1 0123"}, "stated_thresholds": LOW},
        "expected": {"GMNER": {"value": 0.6, "low": 0.5, "high": 0.7}},
    }
    return Policy(**fields | changes)
