"""Prompts of the MLLM and parsing of its answers.

A prompt is three things kept together: a versioned file (`span/v1.yaml`), the type of its answer (`specs.py`) and one
parser (`parser.py`). A released version never changes; `locked.yaml` holds its hash.
"""

from unco.prompts.demonstrations import demonstration_lines
from unco.prompts.lock import changed_prompts, lock_prompts, locked_prompts
from unco.prompts.parser import parse_answer
from unco.prompts.registry import Prompt, available_prompts, load_prompt
from unco.prompts.rendering import RenderedPrompt, fact_lines, label_lines, neighbour_lines, render
from unco.prompts.specs import (
    Answer,
    AnswerName,
    CandidateAnswer,
    ChoiceAnswer,
    EntitiesAnswer,
    FoundEntity,
    LookAnswer,
    OneShotAnswer,
    PromptName,
    RegionAnswer,
    SpanAnswer,
    TypeAnswer,
    answer_type,
    response_schema,
)

__all__ = [
    "Answer",
    "AnswerName",
    "CandidateAnswer",
    "ChoiceAnswer",
    "EntitiesAnswer",
    "FoundEntity",
    "LookAnswer",
    "OneShotAnswer",
    "Prompt",
    "PromptName",
    "RegionAnswer",
    "RenderedPrompt",
    "SpanAnswer",
    "TypeAnswer",
    "answer_type",
    "available_prompts",
    "changed_prompts",
    "demonstration_lines",
    "fact_lines",
    "label_lines",
    "load_prompt",
    "lock_prompts",
    "locked_prompts",
    "neighbour_lines",
    "parse_answer",
    "render",
    "response_schema",
]
