"""Evaluate a run: scores, a comparison with another run, the quality of its uncertainties."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from unco.errors import DataError
from unco.evals.evaluate.compare_runs import Comparison, compare_runs
from unco.evals.evaluate.run_scores import RunScores, score_run
from unco.evals.evaluate.type_schemes import own_types, type_schemes_of
from unco.evals.evaluate.uncertainty_report import QualityByGroup, report_uncertainty
from unco.evals.formats.checks import check_pairs
from unco.evals.formats.geometry import is_inside
from unco.evals.formats.predicted import NOWHERE, PredictedPost
from unco.evals.metrics.protocols import Protocol
from unco.types import UNTYPED, GoldPost


@dataclass(frozen=True, slots=True)
class DropEffect:
    """Effect of leaving out the entities that the run dropped."""

    dropped: int
    """Number of entities that were dropped."""
    without: RunScores
    """Scores had they been kept."""
    gained: Comparison
    """The run against the one with them."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that `unco evaluate` reports."""

    protocol: Protocol
    posts: int
    gold: int
    """Number of gold entities."""
    predicted: int
    scores: RunScores
    against: Comparison | None
    """The comparison with another run; None = there is no other."""
    uncertainty: QualityByGroup | None
    """Quality of the uncertainties; None = was not asked for."""
    notes: tuple[str, ...]
    """Caveats for a reader of the numbers."""
    drop: DropEffect | None = None
    """Effect of leaving out doubtful entities; None = none was left out."""


def evaluate_run(
    gold: Sequence[GoldPost],
    run: Sequence[PredictedPost],
    protocol: Protocol = "paper",
    against: Sequence[PredictedPost] | None = None,
    uncertainty: bool = False,
    seen: Collection[str] | None = None,
) -> Evaluation:
    """Evaluate a run against gold.

    Args:
        gold: annotated posts.
        run: predictions of the same posts in the same order.
        protocol: rule to score by.
        against: another run's predictions.
        uncertainty: whether to measure how well the uncertainties find the errors.
        seen: entity names of the training data, to tell seen names from new ones.

    Raises:
        DataError: predictions are not of the gold posts, or there are no posts.
        SettingsError: there is no such protocol.
    """
    if not gold:
        raise DataError("gold has no posts, so nothing can be scored")
    check_pairs(gold, run)
    if against is not None:
        check_pairs(gold, against, "the predictions to compare with")
    entities = [entity for post in run for entity in post.entities]
    return Evaluation(
        protocol=protocol,
        posts=len(gold),
        gold=sum(len(post.entities) for post in gold),
        predicted=len(entities),
        scores=score_run(gold, run, protocol),
        against=None if against is None else compare_runs(gold, run, against, protocol),
        uncertainty=report_uncertainty(gold, [post.with_dropped for post in run], seen) if uncertainty else None,
        notes=tuple(_notes(gold, run, uncertainty)),
        drop=_drop_effect(gold, run, protocol),
    )


def _drop_effect(gold: Sequence[GoldPost], run: Sequence[PredictedPost], protocol: Protocol) -> DropEffect | None:
    dropped = sum(len(post.dropped) for post in run)
    if not dropped:
        return None
    kept = [post.with_dropped for post in run]
    return DropEffect(dropped, score_run(gold, kept, protocol), compare_runs(gold, run, kept, protocol))


def _notes(gold: Sequence[GoldPost], run: Sequence[PredictedPost], uncertainty: bool) -> list[str]:
    entities = [entity for post in run for entity in post.entities]
    listed = own_types(run)
    own, *_ = schemes = type_schemes_of(gold, [post.entities for post in run], listed)
    notes = _region_notes(gold, run)
    if left_out := [one.name for one in type_schemes_of(gold, [], listed) if one not in schemes]:
        notes.append(f"not scored in {', '.join(left_out)}: the predictions have none of these types")
    if untyped := sum(entity.type == UNTYPED for entity in entities):
        notes.append(
            f"{untyped} of {len(entities)} predictions have no type, since nobody told it: they count as wrong"
        )
    unknown = Counter(
        entity.type for entity in entities if own.from_gold.get(entity.type, entity.type) not in {*own.types, UNTYPED}
    )
    if unknown:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in unknown.most_common(10))
        notes.append(f"types that {own.name} lacks: {kinds}; official leaves them out, the others count them as wrong")
    measured = sum(entity.uncertainty is not None for entity in entities)
    if uncertainty and measured < len(entities):
        notes.append(
            f"{measured} of {len(entities)} predictions hold an uncertainty; none is measured of what an MLLM found or "
            "changed, so judge a small model by a run without corrections"
        )
    return notes


def _region_notes(gold: Sequence[GoldPost], run: Sequence[PredictedPost]) -> list[str]:
    """Say how many regions are no boxes, and how many leave their picture; where there are none, nothing."""
    regions = [
        (post.id, entity.region, is_inside(entity.region, post.size))
        for post, prediction in zip(gold, run, strict=True)
        for entity in prediction.entities
        if entity.region is not None
    ]
    kinds = {
        "are no boxes and count as wrong": [post for post, box, _ in regions if box == NOWHERE],
        "leave their picture and count as they stand (were they brought to its pixels?)": [
            post for post, box, inside in regions if box != NOWHERE and not inside
        ],
    }
    return [
        f"{len(posts)} of {len(regions)} regions {what}; the first is of post {posts[0]!r}"
        for what, posts in kinds.items()
        if posts
    ]
