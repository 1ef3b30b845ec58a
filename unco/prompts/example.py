"""An invented post with a value for every placeholder, to look at a prompt as it is sent; no model saw it."""

from unco.prompts.demonstrations import Shares, demonstration_lines
from unco.prompts.registry import Prompt
from unco.prompts.rendering import RenderedPrompt, fact_lines, label_lines, neighbour_lines, render
from unco.prompts.specs import PROMPTS
from unco.types import Label, Neighbour, Span

LABELS = (
    Label("PER", "A person."),
    Label("LOC", "A place."),
    Label("ORG", "A group that acts as one."),
    Label("OTHER", "Any other name."),
)

VALUES: dict[str, str | float] = {
    "text": "Mia Lindqvist plays the Harbour Hall tonight, tickets $12",
    "entity": "Mia",
    "entity_type": "ORG",
    "labels": label_lines(LABELS),
    "box": "[120, 80, 540, 930]",
    "frame": "[x1, y1, x2, y2], where 0 is the left or top edge of the picture and 1000 the right or bottom edge",
    "neighbours": neighbour_lines([Neighbour(1, Span(4, 6), "Harbour Hall", "LOC")]),
    "near_misses": "- Mia Lindqvist",
    "candidates": "- 1: [120, 80, 540, 930]\n- 2: [600, 300, 900, 420]",
    "text_lines": '- "HARBOUR HALL": [600, 300, 900, 420]',
    "facts": fact_lines(["Mia Lindqvist: an invented singer"]),
    "thoughts": "Two people stand at the left, and one of them may be her.",
    "attribute": "type",
    "first": "PER: A person.",
    "second": "ORG: A group that acts as one.",
    "uncertainty": 0.61,
    "threshold": 0.4,
    "span_uncertainty": 0.61,
    "span_threshold": 0.4,
    "type_uncertainty": 0.52,
    "type_threshold": 0.3,
    "region_uncertainty": 0.35,
    "region_threshold": 0.5,
}


def example(prompt: Prompt) -> RenderedPrompt:
    """Fill in a prompt with the invented post, boxes from 0 to 1000."""
    values = VALUES | {"demonstrations": demonstration_lines(prompt.demonstrations, LABELS, _thousandths)}
    wanted = PROMPTS[prompt.name].placeholders
    return render(prompt, **{name: value for name, value in values.items() if name in wanted})


def _thousandths(box: Shares) -> list[float]:
    return [round(1000 * share) for share in box]
