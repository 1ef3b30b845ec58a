"""Record every path of an experiment's posts, with the user's own MLLM or a simulated one."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from unco.context import Context
from unco.evals.ab.experiment import Experiment
from unco.evals.tuning.recorded.every_path import record_paths
from unco.evals.tuning.recorded.paths import ALL, About, Recording
from unco.prompts import load_prompt
from unco.small_model.fingerprint import Fingerprint
from unco.tools.extraction.tool import small_model_tool
from unco.tools.search_settings import search_from_env
from unco.types import ATTRIBUTES, Attribute, Thresholds


def record_experiment(
    experiment: Experiment,
    checkpoint: Fingerprint | None,
    context: Context | None = None,
    floor: Thresholds = ALL,
    names: Collection[str] = (),
) -> Recording:
    """Ask every question about an experiment's posts. Replies are cached, so a recording that was cut off can go on.

    Args:
        experiment: posts, small model and MLLM.
        checkpoint: which small model it is; None = not known.
        context: versions of the prompts, and the thresholds that they state; None = the defaults.
        floor: attributes at or below it are not asked about.
        names: of the training data.

    Raises:
        InputError: a post or a picture cannot be used.
    """
    llm, context = experiment.make_llm(), experiment.context_of(context or Context())
    tool = small_model_tool(experiment.small_model(None, None))
    posts = asyncio.run(record_paths(experiment.inputs, tool, llm, context, floor, search_from_env(llm)))
    about = About(
        checkpoint=checkpoint,
        floor=floor,
        stating=attributes_stating_threshold(context),
        price=llm.terms.prices.of(context.model or llm.model or ""),
        simulated="" if experiment.profile is None else experiment.profile.model_dump_json(exclude_defaults=True),
        known_names=tuple(sorted(names)),
    )
    labelled = (replace(post, gold=gold) for post, gold in zip(posts, experiment.gold, strict=True))
    return Recording(about, tuple(labelled))


def attributes_stating_threshold(context: Context) -> tuple[Attribute, ...]:
    """List the attributes whose prompt states the threshold."""
    return tuple(name for name in ATTRIBUTES if load_prompt(name, context.prompt_version(name)).uses("threshold"))
