"""One correction, from question to verified answer: the same steps for every attribute."""

from dataclasses import replace
from typing import Protocol

from unco.errors import EndpointError, PictureError, Rejected
from unco.nodes.questions.question import Case, request_of
from unco.nodes.questions.question_runner import Account, Steps, how_it_ended, readable_answer
from unco.nodes.questions.usage import Said, fault_of, told, with_earlier_faults
from unco.prompts import Answer, Prompt, load_prompt
from unco.tools.llm.request import Request, SentPicture
from unco.types import Attribute, Box, Correction, Span

Value = Span | str | Box | None


class Corrector(Protocol):
    """What is particular to one attribute."""

    attribute: Attribute

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
    blank = blank_correction(corrector.attribute, case, prompt)
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
    doubt: dict[str, str | float] = {
        "uncertainty": case.entity.uncertainty.of(corrector.attribute),
        "threshold": shown_threshold(case.extraction.thresholds.of(corrector.attribute)),
    }
    return request_of(case, prompt, {**values, **doubt}, picture, corrector.attribute)


def shown_threshold(threshold: float) -> float:
    """As a prompt says it: "always" is said as 0, for a model knows uncertainties from 0 to 1."""
    return max(0.0, threshold)


def blank_correction(attribute: Attribute, case: Case, prompt: Prompt) -> Correction:
    """The account of an attribute before anybody is asked about it."""
    value = case.entity.value_of(attribute)
    return Correction(
        attribute=attribute,
        outcome="unavailable",
        before=value,
        after=value,
        uncertainty=case.entity.uncertainty.of(attribute),
        threshold=case.extraction.thresholds.of(attribute),
        prompt=prompt.id,
        prompt_hash=prompt.sha256[:12],
        facts=case.facts,
    )


CORRECTION: Account[Correction] = Account(fault_of, with_earlier_faults)
