"""What a question took, as recorded: for budgets."""

from unco.errors import SettingsError
from unco.evals.tuning.recorded.paths import Recorded
from unco.tools.llm.prices import cost_usd
from unco.types import ATTRIBUTES, Attribute, Correction


def recorded_usd(recorded: Recorded) -> dict[Attribute, float]:
    """Mean US dollars for a question about each attribute, those asked again and those that failed included.

    Raises:
        SettingsError: the price of the MLLM is unknown, or it did not report its tokens.
    """
    return {name: _mean([_usd(note, recorded) for note in _notes(recorded, name)]) for name in ATTRIBUTES}


def recorded_calls(recorded: Recorded) -> float:
    """Mean calls for a question: more than 1 by what had to be asked again, less by what nobody could be asked."""
    return _mean([float(note.calls) for name in ATTRIBUTES for note in _notes(recorded, name)]) or 1.0


def _notes(recorded: Recorded, attribute: Attribute) -> list[Correction]:
    answers = (one for post in recorded.posts for entity in post.answers for one in entity)
    return [one.correction for one in answers if one.correction.attribute == attribute]


def _usd(note: Correction, recorded: Recorded) -> float:
    usd = cost_usd(recorded.about.price, note.input_tokens, note.output_tokens) if note.calls else 0.0
    if usd is None:
        raise SettingsError("a budget in US dollars needs the MLLM's price and its token counts: give one in calls")
    return usd


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
