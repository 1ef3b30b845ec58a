"""Estimates the calls and cost of a run from the small model alone: `unco run --dry-run`."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from unco.context import Context
from unco.corpus.pipeline import extraction_of
from unco.corpus.posts import Line
from unco.errors import InputError, SettingsError
from unco.nodes.plan_calls import max_usd_per_call
from unco.nodes.run_choices import for_run
from unco.tools.extraction.call import refuse_unusable
from unco.tools.extraction.extractor import Extractor
from unco.tools.llm.client import Mllm
from unco.types import ATTRIBUTES, Attribute

AT_ONCE = 64
"""Posts that the small model is given at once."""


@dataclass(slots=True)
class Estimate:
    """Estimate for a corpus."""

    posts: int
    failed: int
    """Posts that cannot be run."""
    entities: int
    routed: dict[Attribute, int]
    """Attributes above their thresholds: a question each, and another where an answer cannot be read."""
    recalls: int
    """Posts that would be asked about missed entities: all of them, or those with a likely near miss."""
    max_usd: float | None
    """US dollars, each question at the most that it can take, re-asks aside. None = a price is unknown."""

    @property
    def calls(self) -> int:
        """Calls, without re-asks."""
        return sum(self.routed.values()) + self.recalls


async def estimate(lines: Iterable[Line], extractor: Extractor, llm: Mllm, context: Context) -> Estimate:
    """Run the small model alone and count what would be asked; corrections never route more attributes.

    Args:
        lines: posts.
        extractor: the small model.
        llm: who would be asked.
        context: of the run.
    """
    found = Estimate(0, 0, 0, dict.fromkeys(ATTRIBUTES, 0), 0, 0.0)
    slots = asyncio.Semaphore(AT_ONCE)

    async def add(line: Line) -> None:
        async with slots:
            await _add(line, found, extractor, llm, context)

    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == 4 * AT_ONCE:
            await asyncio.gather(*map(add, batch))
            batch.clear()
    await asyncio.gather(*map(add, batch))
    return found


async def _add(line: Line, found: Estimate, extractor: Extractor, llm: Mllm, context: Context) -> None:
    found.posts += 1
    try:
        if line.post is None:
            raise InputError(line.fault)
        extraction = await extraction_of(line.post, extractor, context.recall_threshold is not None)
        refuse_unusable(extraction, context.strict_pictures)
    except SettingsError:  # the run's own fault, and every post's
        raise
    except InputError:
        found.failed += 1
        return
    extraction = for_run(extraction, context)
    found.entities += len(extraction.entities)
    routed = [name for entity in extraction.entities for name in extraction.routed(entity)]
    for name in routed:
        found.routed[name] += 1
    recalled = bool(context.recall or extraction.routed_near_misses)
    found.recalls += recalled
    usd = max_usd_per_call(context, llm, extraction.text)
    found.max_usd = None if usd is None or found.max_usd is None else found.max_usd + usd * (len(routed) + recalled)
