"""What the MLLM is asked and how its answers are read.

A corrector's prompt is three things kept together: a versioned file (`span/v1.yaml`), the type of its answer
(`answers.py`) and one parser (`parser.py`). A released version never changes; `locked.yaml` holds its hash.
"""

from unco.prompts.answers import Answer, RegionAnswer, SpanAnswer, TypeAnswer, answer_schema, answer_type
from unco.prompts.parser import parse_answer
from unco.prompts.registry import (
    Prompt,
    RenderedPrompt,
    available_prompts,
    changed_prompts,
    label_lines,
    load_prompt,
    render,
)

__all__ = [
    "Answer",
    "Prompt",
    "RegionAnswer",
    "RenderedPrompt",
    "SpanAnswer",
    "TypeAnswer",
    "answer_schema",
    "answer_type",
    "available_prompts",
    "changed_prompts",
    "label_lines",
    "load_prompt",
    "parse_answer",
    "render",
]
