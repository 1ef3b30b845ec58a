"""One correction, from question to verified answer: the same steps for every attribute."""

import json
from dataclasses import replace
from typing import Protocol

from unco.errors import EndpointError, PictureError, Rejected
from unco.nodes.account import Said, told
from unco.nodes.asking import Account, Steps, how_it_ended, readable_answer
from unco.nodes.case import Case
from unco.prompts import Answer, Prompt, load_prompt, render
from unco.tools.request import Request, SentPicture
from unco.types import Attribute, Box, Correction, Entity, Span

Value = Span | str | Box | None


class Corrector(Protocol):
    """What is particular to one attribute."""

    attribute: Attribute

    def before(self, entity: Entity) -> Value:
        """The value to be checked."""

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """All that a version of the prompt may say of it, uncertainty and threshold aside, and the picture to send.

        Raises:
            Unavailable: it cannot be asked about.
        """

    def verify(self, answer: Answer, case: Case) -> Value:
        """The answer's value.

        Raises:
            Rejected: it cannot be true.
        """


def correction_steps(corrector: Corrector, case: Case) -> Steps[Correction]:
    """Ask, read, ask once more if it cannot be read, verify; every way to fail ends in an outcome."""
    prompt = load_prompt(corrector.attribute, case.context.prompt_version(corrector.attribute))
    blank = _blank(corrector, case, prompt)
    said: list[Said] = []
    try:
        request = _request(corrector, case, prompt)
        answer = yield from readable_answer(request, prompt.answer, said, case.calls)
    except (EndpointError, PictureError) as fault:
        outcome, state = how_it_ended(fault)
        return told(replace(blank, outcome=outcome, answer=state, detail=str(fault)), said)
    answered = told(replace(blank, answer="value", reasoning=answer.reasoning_process), said)
    try:
        after = corrector.verify(answer, case)
    except Rejected as fault:
        return replace(answered, outcome="rejected", detail=str(fault))
    changed = after != blank.before
    state = "null" if corrector.attribute == "region" and after is None else "value"
    return replace(answered, outcome="changed" if changed else "kept", after=after, answer=state)


def _request(corrector: Corrector, case: Case, prompt: Prompt) -> Request:
    values, picture = corrector.question(case)
    rendered = render(
        prompt,
        **values,
        uncertainty=case.entity.uncertainty.of(corrector.attribute),
        threshold=shown_threshold(case.extraction.thresholds.of(corrector.attribute)),
    )
    return Request(
        model=case.model,
        system=rendered.system,
        user=rendered.user,
        picture=picture if prompt.picture else None,
        schema=json.dumps(prompt.schema),
        prompt=prompt.id,
        prompt_hash=prompt.sha256,
        purpose=case.purpose(corrector.attribute),
    )


def shown_threshold(threshold: float) -> float:
    """As a prompt says it: "always" is said as 0, for a model knows uncertainties from 0 to 1."""
    return max(0.0, threshold)


def _blank(corrector: Corrector, case: Case, prompt: Prompt) -> Correction:
    before = corrector.before(case.entity)
    return Correction(
        attribute=corrector.attribute,
        outcome="unavailable",
        before=before,
        after=before,
        uncertainty=case.entity.uncertainty.of(corrector.attribute),
        threshold=case.extraction.thresholds.of(corrector.attribute),
        prompt=prompt.id,
        prompt_hash=prompt.sha256[:12],
        cost=0.0,
        facts=case.facts,
    )


def fault_of(correction: Correction) -> str:
    """Why the endpoint gave no reply at all; empty = it gave one, readable or not."""
    unanswered = not correction.exchanges and correction.outcome in ("unavailable", "failed")
    return (correction.detail or correction.outcome) if unanswered else ""


def with_earlier_faults(correction: Correction, faults: str) -> Correction:
    """The same with what came of the models that were asked before."""
    own = "" if fault_of(correction) else correction.detail  # else it is the last of the faults
    return replace(correction, detail="; then: ".join(filter(None, (faults, own))))


CORRECTION = Account(fault_of, with_earlier_faults)
