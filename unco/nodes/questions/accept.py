"""Weighs an answer that changes a value against the value that the small model gave."""

from dataclasses import replace

from unco.nodes.questions.usage import ReplyLog
from unco.prompts.answer_place import place_of_value
from unco.tools.llm.checks.token_probabilities import probability
from unco.tools.llm.request import Reply
from unco.types import Accept, Attribute, Correction


def confidence_of(reply: Reply, attribute: Attribute) -> float | None:
    """Compute how probable a reply's value was to the model that wrote it, in [0, 1].

    That of words or a type is the probability of all their tokens; that of a box the geometric mean, as a digit more or
    less says little. None = the endpoint reports no probabilities, or the value is not written as plain JSON.
    """
    place = place_of_value(reply.text, attribute)
    if place is None:
        return None
    is_box = reply.text[place[0]] in "[{"
    return probability(reply.log_probabilities, reply.text, *place, mean=is_box)


def belief_in_change(confidence: float, uncertainty: float) -> float:
    """Compute the probability that the answer is right rather than the value before: c u / (c u + (1 - c) (1 - u)).

    It is Bayes' rule for two sources that know nothing of each other, one of them right. Both numbers are taken for
    probabilities, which they are only roughly: so the level to compare with is tuned.

    Args:
        confidence: of the answer, in [0, 1].
        uncertainty: of the small model, in [0, 1].
    """
    answer, before = confidence * uncertainty, (1 - confidence) * (1 - uncertainty)
    return answer / (answer + before) if answer + before > 0 else 0.5


def weighed(note: Correction, accept: Accept, log: ReplyLog) -> Correction:
    """Write the answer's confidence into a verified correction; a change that is not believed leaves the value before.

    A change whose confidence is not known counts: nothing speaks against it.

    Args:
        note: a correction with a value that was verified.
        accept: levels of the run.
        log: the replies to the question; the last one was read.
    """
    level = accept.of(note.attribute)
    if level is None or not log:
        return note
    sure = confidence_of(log[-1][0], note.attribute)
    return judged(replace(note, confidence=sure), level)


def judged(note: Correction, level: float) -> Correction:
    """Let a change of known confidence stand, or the value before it."""
    if note.outcome != "changed" or note.confidence is None:
        return note
    belief = belief_in_change(note.confidence, note.uncertainty)
    if belief >= level:
        return note
    detail = f"its confidence of {note.confidence:.2f} makes a belief of {belief:.2f}, below {level:g}"
    return replace(note, outcome="low_confidence", after=note.before, detail=detail)
