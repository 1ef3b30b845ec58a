"""Takes off what a model thinks aloud before its answer: a draft among its thoughts is no answer.

A server whose reasoning parser does not know the model leaves the thoughts in the reply.
"""

import json
import re
from collections.abc import Mapping

_BLOCKS: Mapping[str, tuple[str, str]] = {
    r"<(?:seed:)?think>": (r"</(?:seed:)?think>", "Qwen, DeepSeek, GLM, MiniMax; Seed-OSS with its own name"),
    r"<(?:thinking|thoughts?|reason(?:s|ing)?|analysis|scratchpad)>": (
        r"</(?:thinking|thoughts?|reason(?:s|ing)?|analysis|scratchpad)>",
        "Gemini's OpenAI interface, and models that were asked for it",
    ),
    r"◁think▷": (r"◁/think▷", "Kimi-VL: MoonshotAI/Kimi-VL issue 45, sgl-project/sglang 7432"),
    r"\[THINK\]": (r"\[/THINK\]", "Magistral, Ministral: tokenizer of mistralai/Magistral-Small-2507"),
    r"<\|begin_of_thought\|>": (r"<\|end_of_thought\|>", "Sky-T1, OpenThinker"),
    r"<\|START_THINKING\|>": (r"<\|END_THINKING\|>", "Command A: its tokenizer_config.json"),
    r"<\|channel\|>(?:analysis|commentary)<\|message\|>": (
        r"<\|end\|>|(?=<\|start\|>|<\|channel\|>)",
        "gpt-oss: openai/harmony, docs/format.md",
    ),
    r"<\|channel>thought": (r"<channel\|>", "Gemma 4: its chat template"),
}
"""How a block of thoughts begins and ends, and who writes it so."""

_BLOCK = re.compile("|".join(rf"{begin}.*?(?:{end}|\Z)" for begin, (end, _) in _BLOCKS.items()), re.DOTALL | re.I)
"""A block that is not closed goes on to the end."""

_ENDS = re.compile("|".join(end for begin, (end, _) in _BLOCKS.items() if "channel" not in begin), re.IGNORECASE)


_FENCED = re.compile(r"\s*```\w*\s*\{")


def without_thoughts(text: str) -> str:
    """Return a reply without the model's thoughts. One that begins with its object has none in it, only behind it."""
    if _begins_with_object(text):
        end = _end_of_object(text)
        return text[:end] + _BLOCK.sub("", text[end:])
    rest = _BLOCK.sub("", text)
    # Some chat templates put the begin into the prompt; then only the end is seen.
    ends = list(_ENDS.finditer(rest))
    return rest[ends[-1].end() :].strip() if ends else rest.strip()


def _begins_with_object(text: str) -> bool:
    """Return whether a reply begins with its object; one in a fence is a draft where thoughts end behind it."""
    return text.lstrip().startswith("{") or bool(_FENCED.match(text) and not _ENDS.search(text, _end_of_object(text)))


def _end_of_object(text: str) -> int:
    """Return the place behind the object that a text begins with; behind all of it where that is no JSON."""
    try:
        return json.JSONDecoder().raw_decode(text, text.index("{"))[1]
    except (ValueError, RecursionError):
        return len(text)
