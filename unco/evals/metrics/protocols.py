"""Score by one of the three rules of the field; numbers of different rules must not be compared.

`paper`: Eqs. 12-15, the field's usual rule and the default. `official`: the evaluator that UnCo's authors published.
`hindex`: regions are candidates, as in H-Index.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from unco.errors import DataError, SettingsError
from unco.evals.metrics import hindex, official
from unco.evals.metrics import paper as scores
from unco.evals.metrics.paper import NO_COUNTS, Score, Task, Triplet, total
from unco.types import UNTYPED, Box, GoldPost

Protocol = Literal["paper", "official", "hindex"]

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

TASKS: tuple[Task, ...] = get_args(Task)

TYPE_TASKS: tuple[Task, ...] = ("GMNER", "MNER")
"""The tasks in which types count."""

Count = Callable[[GoldPost, Sequence[Triplet], Task], Score]


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of a run under one protocol."""

    protocol: Protocol
    tasks: Mapping[Task, Score]
    """Micro-averaged scores by task."""
    types: Mapping[str, Mapping[Task, Score]]
    """Scores of GMNER and MNER for each type by itself: gold and predictions of that type alone."""
    type_given_span: Score
    """Score of types among predictions with a gold span; its precision is the accuracy."""
    posts: int


def evaluate(
    gold: Sequence[GoldPost],
    predictions: Sequence[Sequence[Triplet]],
    protocol: Protocol = "paper",
    types: Sequence[str] | None = None,
    candidates: Sequence[Sequence[Box]] | None = None,
) -> Report:
    """Score predictions, aligned with the gold posts.

    Args:
        gold: annotated posts.
        predictions: entities of each post, in the same order.
        protocol: by which rule.
        types: of the scheme; None = those that gold has. `official` drops predictions of any other.
        candidates: candidate boxes of each post; `hindex` needs them.

    Raises:
        DataError: gold and predictions differ in length.
        SettingsError: there is no such protocol, or `hindex` has no candidates.
    """
    if len(gold) != len(predictions):
        raise DataError(f"{len(gold)} gold posts, but predictions for {len(predictions)}")
    known = frozenset(types or (item.type for post in gold for item in post.entities))
    counts = counters(len(gold), protocol, known, candidates)
    columns = {task: count_each_type(gold, predictions, task, counts) for task in TYPE_TASKS}
    return Report(
        protocol=protocol,
        tasks={task: total(count_posts(gold, predictions, task, counts)) for task in TASKS},
        types={kind: {task: total(columns[task].get(kind, ())) for task in TYPE_TASKS} for kind in sorted(known)},
        type_given_span=total(count_types_given_span(gold, predictions)),
        posts=len(gold),
    )


def counters(
    posts: int,
    protocol: Protocol,
    types: frozenset[str],
    candidates: Sequence[Sequence[Box]] | None = None,
) -> list[Count]:
    """Make the function that counts each post.

    Raises:
        SettingsError: there is no such protocol, or `hindex` has no candidates.
    """
    if protocol == "paper":
        return [scores.count_post] * posts
    if protocol == "official":
        return [partial(official.count_post, types=types)] * posts
    if protocol != "hindex":
        raise SettingsError(f"no protocol {protocol!r}: choose {', '.join(PROTOCOLS)}")
    if candidates is None or len(candidates) != posts:
        raise SettingsError("hindex scores need the candidate boxes of each post")
    return [partial(hindex.count_post, candidates=own) for own in candidates]


def count_posts(
    gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]], task: Task, counts: Sequence[Count]
) -> list[Score]:
    """Count each post, for sums and for resampling."""
    return [count(post, entities, task) for post, entities, count in zip(gold, predictions, counts, strict=True)]


def count_each_type(
    gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]], task: Task, counts: Sequence[Count]
) -> dict[str, list[Score]]:
    """Count each post for each type that occurs: gold and predictions of that type alone."""
    columns: dict[str, list[Score]] = {}
    for index, (post, entities, count) in enumerate(zip(gold, predictions, counts, strict=True)):
        for kind in {item.type for item in post.entities} | {item.type or UNTYPED for item in entities}:
            own = tuple(item for item in post.entities if item.type == kind)
            wanted = GoldPost(post.id, post.tokens, own, post.size)
            predicted = [entity for entity in entities if (entity.type or UNTYPED) == kind]
            columns.setdefault(kind, [NO_COUNTS] * len(gold))[index] = count(wanted, predicted, task)
    return columns


def count_types_given_span(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]]) -> list[Score]:
    """Count for each post how many of the predictions with a gold span have its type."""
    return [_given_span(post, entities) for post, entities in zip(gold, predictions, strict=True)]


def _given_span(post: GoldPost, entities: Sequence[Triplet]) -> Score:
    spans = {item.span for item in post.entities}
    typed = {(item.span, item.type) for item in post.entities}
    found = [entity for entity in entities if entity.span in spans]
    return Score(sum((entity.span, entity.type) in typed for entity in found), len(found), len(found))
