"""Run arms over the same posts and measure what each scores, costs and breaks."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.evals.ab.arm import Arm
from unco.evals.ab.experiment import Experiment
from unco.evals.metrics.added import Added, count_added
from unco.evals.metrics.correction_effects import CorrectionEffects, count_effects
from unco.evals.metrics.protocols import Report, evaluate
from unco.graph import build_variant
from unco.nodes.questions.usage import known_sum, usage_of
from unco.state import read_result
from unco.tools.extraction.policy_extractor import with_gain
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.prices import Prices, cost_usd
from unco.tools.search_settings import search_from_env
from unco.types import ATTRIBUTES, Attribute, Correction, Result, Usage

CONCURRENCY = 16
"""Posts that are run at once."""


@dataclass(frozen=True, slots=True)
class ArmRun:
    """The run of one arm over all posts."""

    arm: Arm
    report: Report
    """Scores by the paper's rule."""
    usage: Usage
    """Calls, tokens and cost of all posts."""
    full_cost: float | None
    """US dollars if no reply had been cached, so that arms can be compared; None = unknown."""
    effects: CorrectionEffects
    added: Added
    """What recall added."""
    seconds: float
    """Wall time of the whole run, the small model's part included where this arm was the first to need it."""
    results: tuple[Result, ...]

    @property
    def name(self) -> str:
        """Name of the arm."""
        return self.arm.name

    @property
    def entities(self) -> int:
        """Number of entities that the small model found, or the MLLM where it works alone; dropped ones among them."""
        return sum(len(result.all_entities) for result in self.results)

    @property
    def dropped(self) -> int:
        """Number of entities that were dropped as too doubtful."""
        return sum(len(result.dropped) for result in self.results)

    @property
    def tokens(self) -> int:
        """Input and output tokens; replies without counts add 0."""
        return (self.usage.input_tokens or 0) + (self.usage.output_tokens or 0)

    @property
    def call_seconds(self) -> float:
        """Seconds of all calls, added up; cached ones take 0."""
        return sum(note.seconds for note in corrections(self)) + sum(
            question.seconds for result in self.results for question in result.questions
        )


def variant_arms(names: Sequence[str]) -> list[Arm]:
    """Make an arm for each of the paper's variants, everything else by default."""
    return [Arm(name, variant=name) for name in names]


def run_arms(arms: Sequence[Arm], experiment: Experiment) -> list[ArmRun]:
    """Run arms one after another, each with an MLLM client of its own.

    Raises:
        SettingsError: an arm asks for what does not exist.
    """
    return [run_arm(arm, experiment) for arm in arms]


def run_arm(arm: Arm, experiment: Experiment) -> ArmRun:
    """Run one arm over the experiment's posts."""
    llm = experiment.make_llm()
    extractor = with_gain(experiment.small_model(*arm.small_model), arm.gain)
    graph = build_variant(arm.variant, small_model_tool(extractor), llm, search_from_env(llm))
    # A post that is read without its picture here and there would make no score of posts with pictures.
    context = replace(experiment.context_of(arm.context), strict_pictures=True)
    start = time.perf_counter()
    config = {"max_concurrency": CONCURRENCY}
    outputs = asyncio.run(graph.abatch(list(experiment.inputs), config=config, context=context))  # type: ignore[arg-type]
    seconds = time.perf_counter() - start
    results = tuple(read_result(output) for output in outputs)
    return ArmRun(
        arm=arm,
        report=evaluate(experiment.gold, [result.entities for result in results], types=experiment.types),
        usage=usage_of(
            [note for result in results for entity in result.all_entities for note in entity.corrections],
            [question for result in results for question in result.questions],
        ),
        full_cost=_full_cost(results, llm.terms.prices),
        effects=count_effects(experiment.gold, results),
        added=count_added(experiment.gold, results),
        seconds=seconds,
        results=results,
    )


def _full_cost(results: Sequence[Result], prices: Prices) -> float | None:
    """Price the tokens of all replies, cached or not; None = a price or a count is unknown."""
    replies = [one for result in results for note in result.notes for one in note.exchanges]
    return known_sum([0.0, *(cost_usd(prices.of(one.model), one.input_tokens, one.output_tokens) for one in replies)])


def corrections(run: ArmRun) -> list[Correction]:
    """List all corrections of a run."""
    return [note for result in run.results for entity in result.all_entities for note in entity.corrections]


def outcome_counts(run: ArmRun) -> dict[Attribute, dict[str, int]]:
    """Count the outcomes of corrections, by attribute."""
    notes = corrections(run)
    return {
        name: {
            outcome: sum(note.outcome == outcome and note.attribute == name for note in notes)
            for outcome in sorted({note.outcome for note in notes})
        }
        for name in ATTRIBUTES
    }
