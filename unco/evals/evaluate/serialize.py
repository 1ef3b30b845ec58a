"""Evaluations as JSON, and of JSON-like data: what `unco evaluate --json` prints."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from unco.errors import DataError
from unco.evals.evaluate.compare_runs import Difference
from unco.evals.evaluate.evaluate import Evaluation, evaluate_run
from unco.evals.evaluate.run_scores import RunScores
from unco.evals.evaluate.scoring import Line, NotScored
from unco.evals.evaluate.uncertainty_report import UncertaintyQuality
from unco.evals.formats.gold_lines import gold_from_dicts
from unco.evals.formats.predicted import PredictedPost
from unco.evals.formats.prediction_lines import predictions_from_dicts
from unco.evals.metrics.protocols import Protocol
from unco.state import RESULT
from unco.types import Result

Json = dict[str, Any]


def score(
    gold: Sequence[Mapping[str, Any]],
    predictions: Sequence[Mapping[str, Any] | Result],
    protocol: Protocol = "paper",
    against: Sequence[Mapping[str, Any] | Result] | None = None,
    uncertainty: bool = False,
) -> Json:
    """Score predictions given as dictionaries: lines of `formats.gold_lines` and `formats.prediction_lines`.

    Args:
        gold: {"id", "tokens", "entities": [{"start", "stop", "type", "boxes"}], "width", "height"} for each post.
        predictions: {"id", "entities": [{"start", "stop", "type", "region"}]} for each, in the same order; or what
            `graph.invoke` or `unco.extract` gives.
        protocol: paper, official or hindex; their numbers must not be compared with each other.
        against: another run's predictions, to compare with.
        uncertainty: whether to measure how well the predictions' uncertainties find their errors.

    Returns:
        What `unco evaluate --json` prints: ratios in [0, 1]; {"not_scored": why} where there is no number.

    Raises:
        DataError: something is not in the format, with its place.
        SettingsError: there is no such protocol.
    """
    other = None if against is None else _predictions(against, "against")
    return to_dict(
        evaluate_run(
            gold_from_dicts(_objects(gold, "gold"), "gold"),
            _predictions(predictions, "predictions"),
            protocol,
            other,
            uncertainty,
        )
    )


def _predictions(lines: Sequence[Mapping[str, Any] | Result], name: str) -> list[PredictedPost]:
    return predictions_from_dicts(_objects(lines, name), name)


def _objects(lines: Sequence[Mapping[str, Any] | Result], name: str) -> Iterator[tuple[str, Json]]:
    """Yield the place and the fields of each post."""
    for number, line in enumerate(lines):
        if not isinstance(line, Mapping | Result):
            raise DataError(f"{name}[{number}] is a {type(line).__name__}: give a list with a dictionary for each post")
        yield f"{name}[{number}]", RESULT.dump_python(line, mode="json") if isinstance(line, Result) else dict(line)


def to_dict(evaluation: Evaluation) -> Json:
    """Convert an evaluation to a dictionary; ratios in [0, 1], and a reason wherever there is no number."""
    scores = evaluation.scores
    data: Json = {
        "protocol": evaluation.protocol,
        "posts": evaluation.posts,
        "gold_entities": evaluation.gold,
        "predicted_entities": evaluation.predicted,
        "schemes": _schemes_to_dict(scores),
        "baselines": _nested({pair: _line_to_dict(line) for pair, line in scores.baselines.items()}),
        "notes": list(evaluation.notes),
    }
    if evaluation.drop is not None:
        data["drop"] = {
            "dropped": evaluation.drop.dropped,
            "without": _schemes_to_dict(evaluation.drop.without),
            "gained": _nested({key: difference_to_dict(one) for key, one in evaluation.drop.gained.items()}),
        }
    if evaluation.against is not None:
        data["against"] = _nested({key: difference_to_dict(one) for key, one in evaluation.against.items()})
    if evaluation.uncertainty is not None:
        data["uncertainty"] = _nested({key: _quality_to_dict(one) for key, one in evaluation.uncertainty.items()})
    return data


def to_json(evaluation: Evaluation) -> str:
    """Write an evaluation as JSON text: ASCII, so that any terminal can show it, and never NaN."""
    return json.dumps(to_dict(evaluation), indent=2, allow_nan=False)


def _schemes_to_dict(scores: RunScores) -> Json:
    return {
        name: {
            "tasks": {task: _line_to_dict(line) for task, line in scheme.tasks.items()},
            "types": _nested({pair: _line_to_dict(line) for pair, line in scheme.types.items()}),
        }
        for name, scheme in scores.schemes.items()
    }


def _nested(pairs: Mapping[tuple[str, Any], Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for (first, second), value in pairs.items():
        found.setdefault(first, {})[second] = value
    return found


def _line_to_dict(line: Line) -> Json:
    if isinstance(line, NotScored):
        return {"not_scored": line.reason}
    return {
        "precision": line.score.precision,
        "recall": line.score.recall,
        "f1": line.score.f1,
        "f1_low": line.f1.low,
        "f1_high": line.f1.high,
        **asdict(line.score),
    }


def difference_to_dict(found: Difference | NotScored) -> Json:
    """Convert the difference of two runs to a dictionary."""
    if isinstance(found, NotScored):
        return {"not_scored": found.reason}
    return {
        "f1": found.f1.value,
        "f1_low": found.f1.low,
        "f1_high": found.f1.high,
        "only_predictions": found.only_first,
        "only_against": found.only_other,
        "mcnemar_p": found.p,
        "verdict": found.verdict,
    }


def _quality_to_dict(found: UncertaintyQuality | NotScored) -> Json:
    return {"not_scored": found.reason} if isinstance(found, NotScored) else asdict(found)
