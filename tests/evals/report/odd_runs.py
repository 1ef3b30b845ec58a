"""Runs that are odd in one way each: one question for all attributes, fine gold types, another finder."""

from dataclasses import replace

from tests.evals.report.made_run import EVIL
from unco.types import Correction, PostQuestion, Result


def asked_at_once(result: Result) -> Result:
    """As one question for all three answers: what was sure is asked about and changed as well."""
    first, *others = result.entities
    span, kind, box = first.corrections
    assert box.uncertainty <= box.threshold
    changed = replace(box, outcome="changed", before=None, answer="value")
    return replace(result, entities=(replace(first, corrections=(span, kind, changed)), *others))


def reviewed(result: Result) -> Result:
    """The first type was settled by a person, to what the MLLM says in the run as it was made."""
    first, *others = result.entities
    span, kind, box = first.corrections
    settled = replace(kind, outcome="reviewed", by="Kim", at="2026-11-29T08:00:00+00:00")
    return replace(result, entities=(replace(first, corrections=(span, settled, box)), *others))


def undone_span(result: Result) -> Result:
    """The first span was changed from one word to the two that count now, and its type was asked about after it."""
    first, *others = result.entities
    span, kind, box = first.corrections
    spoken: Correction = replace(
        span, outcome="changed", uncertainty=0.5, before=replace(first.span, stop=first.span.stop + 1), answer="value"
    )
    kind = replace(kind, uncertainty=1.0)
    return replace(result, entities=(replace(first, corrections=(spoken, kind, box)), *others))


def generated(result: Result) -> Result:
    """All found by a simulated MLLM, whose name stands at the question alone."""
    question = PostQuestion(
        "generation", "answered", dropped=(EVIL,), model="simulated-x", reasoning="because", prompt="generate/v1"
    )
    return replace(result, entities=(), questions=(question,))
