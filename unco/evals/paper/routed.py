"""Reproduce Table 6 and Figure 3: how much goes to the correctors, and how well uncertainty finds errors."""

from collections.abc import Mapping
from dataclasses import dataclass

from unco.evals.ab.run import ArmRun
from unco.evals.evaluate.uncertainty_report import UncertaintyQuality, report_uncertainty
from unco.evals.formats.prediction_lines import predicted_of
from unco.evals.paper.reproduce import RunCache
from unco.types import ATTRIBUTES, Attribute

ESTIMATORS = {"confidence": "1 - confidence", "mc_decoder": "MC dropout in the decoder (the paper's)"}
"""The estimators of Figure 3, by a checkpoint's name of them; its own first choice is measured too."""


@dataclass(frozen=True, slots=True)
class EstimatorAurocs:
    """AUROC of one estimator."""

    estimator: str
    by_attribute: Mapping[Attribute, float | None]
    """In [0, 1]; None = cannot be measured."""


def routed_shares(run: ArmRun) -> dict[Attribute, float]:
    """Compute the share of the small model's entities with an attribute above its threshold (Table 6), in [0, 1]."""
    notes = [note for result in run.results for entity in result.all_entities for note in entity.corrections]
    return {
        name: sum(note.attribute == name and note.uncertainty > note.threshold for note in notes)
        / max(1, sum(note.attribute == name for note in notes))
        for name in ATTRIBUTES
    }


def aurocs(runs: RunCache) -> list[EstimatorAurocs]:
    """Compute AUROC of each estimator on the small model's own predictions (Figure 3), without a call."""
    found = [_auroc(what, runs.of(f"variant=small_only,estimator={name}"), runs) for name, what in ESTIMATORS.items()]
    found.append(_auroc("the checkpoint's first choice", runs.of("variant=small_only"), runs))
    sampled = "variant=small_only,estimator=mc_decoder"
    others = ((f"MC dropout of {model.name}, gamma {model.gamma:g}", model) for model in runs.trained[1:])
    return found + [_auroc(what, runs.of(sampled, model), runs) for what, model in others]


def _auroc(name: str, run: ArmRun, runs: RunCache) -> EstimatorAurocs:
    quality_by_group = report_uncertainty(runs.experiment.gold, [predicted_of(result) for result in run.results])
    of_all = {attribute: quality_by_group["all", attribute] for attribute in ATTRIBUTES}
    return EstimatorAurocs(
        name,
        {
            attribute: quality.auroc if isinstance(quality, UncertaintyQuality) else None
            for attribute, quality in of_all.items()
        },
    )
