"""Evaluators for `langsmith.evaluate`: the F1 of GMNER, MNER and EEG by the paper's rule, as `unco evaluate` has them.

Give `score_post` as one of `evaluators`, and `score_all` as one of `summary_evaluators`: the mean of the posts' F1 is
not the F1 of all posts, which is what papers report.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from unco.evals.evaluate.serialize import score
from unco.evals.evaluate.type_schemes import type_schemes_of
from unco.evals.formats.gold_lines import gold_from_dicts
from unco.evals.formats.prediction_lines import predictions_from_dicts
from unco.evals.metrics.paper import THREE_TASKS, count_post

Json = dict[str, Any]
Results = dict[str, list[Json]]


def score_post(outputs: Mapping[str, Any], reference_outputs: Mapping[str, Any]) -> Results:
    """Score one post.

    Args:
        outputs: what `graph.invoke` gave; a run that failed has none, and counts as one that found nothing.
        reference_outputs: the example's gold.

    Raises:
        DataError: they are not what `upload_data_set` and the graph make.
    """
    [gold] = gold_from_dicts([("the example", dict(reference_outputs))], "the example")
    [found] = predictions_from_dicts([("the run", dict(_or_nothing(outputs, reference_outputs)))], "the run")
    scheme = type_schemes_of([gold], [found.entities], found.types)[0]
    [gold], [entities] = scheme.convert_gold([gold]), scheme.convert_predictions([found.entities])
    if not (gold.entities or entities):
        return {"results": [_unscored(task, "nothing is there, and nothing was found") for task in THREE_TASKS]}
    tasks = THREE_TASKS if gold.size is not None else ("MNER",)
    counts = {task: count_post(gold, entities, task) for task in tasks}
    return {"results": [_scored(task, one.f1, one.correct, one.predicted, one.gold) for task, one in counts.items()]}


def score_all(outputs: Sequence[Mapping[str, Any]], reference_outputs: Sequence[Mapping[str, Any]]) -> Results:
    """Score all posts of an experiment together; as `score_post`."""
    predicted = [_or_nothing(found, gold) for found, gold in zip(outputs, reference_outputs, strict=True)]
    tasks = next(iter(score(reference_outputs, predicted)["schemes"].values()))["tasks"]
    return {
        "results": [
            _unscored(task, line["not_scored"])
            if "not_scored" in line
            else _scored(task, line["f1"], line["correct"], line["predicted"], line["gold"])
            for task, line in ((task, tasks[task]) for task in THREE_TASKS)
        ]
    }


def _or_nothing(outputs: Mapping[str, Any], gold: Mapping[str, Any]) -> Mapping[str, Any]:
    return outputs if "entities" in outputs else {"id": gold["id"], "entities": []}


def _scored(task: str, f1: float, correct: int, predicted: int, gold: int) -> Json:
    return {
        "key": f"{task} F1",
        "score": f1,
        "comment": f"{correct} correct, {predicted} predicted, {gold} gold",
    }


def _unscored(task: str, reason: str) -> Json:
    return {"key": f"{task} F1", "score": None, "comment": reason}
