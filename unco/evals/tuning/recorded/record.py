"""Record the paths of an arena's posts: the user's own pictures and MLLM, or simulated ones."""

import asyncio
from dataclasses import replace

from unco.context import Context
from unco.evals.ab.experiment import Arena
from unco.evals.tuning.recorded.every_path import record_paths
from unco.evals.tuning.recorded.paths import ALL, About, Recorded
from unco.prompts import load_prompt
from unco.small_model.fingerprint import Fingerprint
from unco.tools.extraction.tool import small_model_tool
from unco.types import ATTRIBUTES, Attribute, Thresholds


def record_arena(
    arena: Arena, checkpoint: Fingerprint | None, context: Context | None = None, floor: Thresholds = ALL
) -> Recorded:
    """Ask every question about an arena's posts. Replies are cached, so a recording that was cut off can go on.

    Args:
        arena: posts, small model and MLLM.
        checkpoint: which small model it is; None = not known.
        context: versions of the prompts, and the thresholds that they state; None = the defaults.
        floor: attributes at or below it are not asked about.

    Raises:
        InputError: a post or a picture cannot be used.
    """
    llm, context = arena.make_llm(), context or Context()
    context = replace(context, mode=context.mode or arena.mode)
    tool = small_model_tool(arena.small_model(None, None))
    posts = asyncio.run(record_paths(arena.inputs, tool, llm, context, floor))
    about = About(
        checkpoint=checkpoint,
        floor=floor,
        stating=stating_prompts(context),
        price=llm.terms.prices.of(context.model or llm.model or ""),
        simulated="" if arena.profile is None else arena.profile.model_dump_json(exclude_defaults=True),
    )
    labelled = (replace(post, gold=gold) for post, gold in zip(posts, arena.gold, strict=True))
    return Recorded(about, tuple(labelled))


def stating_prompts(context: Context) -> tuple[Attribute, ...]:
    """Attributes whose prompt states the threshold."""
    return tuple(name for name in ATTRIBUTES if load_prompt(name, context.prompt_version(name)).uses("threshold"))
