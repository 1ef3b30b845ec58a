"""Compute the mean cost of a question from a recording, for budgets."""

from unco.errors import SettingsError
from unco.evals.tuning.recorded.paths import Recording
from unco.tools.llm.prices import cost_usd
from unco.types import ATTRIBUTES, Attribute, Correction


def recorded_usd(recording: Recording) -> dict[Attribute, float]:
    """Compute the mean US dollars per question by attribute, including questions asked again and failed ones.

    Raises:
        SettingsError: the price of the MLLM is unknown, or it did not report its tokens.
    """
    return {name: _mean([_usd(note, recording) for note in _notes(recording, name)]) for name in ATTRIBUTES}


def recorded_calls(recording: Recording) -> float:
    """Compute the mean calls per question: retries raise it above 1, questions that could not be asked lower it."""
    return _mean([float(note.calls) for name in ATTRIBUTES for note in _notes(recording, name)]) or 1.0


def _notes(recording: Recording, attribute: Attribute) -> list[Correction]:
    answers = (one for post in recording.posts for entity in post.answers for one in entity)
    return [one.correction for one in answers if one.correction.attribute == attribute]


def _usd(note: Correction, recording: Recording) -> float:
    usd = cost_usd(recording.about.price, note.input_tokens, note.output_tokens) if note.calls else 0.0
    if usd is None:
        raise SettingsError("a budget in US dollars needs the MLLM's price and its token counts: give one in calls")
    return usd


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
