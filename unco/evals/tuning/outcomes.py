"""Tabulate what each entity scores and costs under each of the eight ways to route it.

Routing is all that thresholds do to an entity, so any number of thresholds can be tried by looking up. Entities of a
post touch each other only where corrected spans may come to share words; such posts are looked at as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from unco.evals.metrics.paper import THREE_TASKS, count_post, entity_correct, region_correct
from unco.evals.tuning.recorded.paths import About, Answered, PostPaths, Recording, data_hash
from unco.evals.tuning.recorded.replay import Routing, replay_entity
from unco.nodes.collect import settle_overlaps
from unco.nodes.questions.usage import known_sum
from unco.tools.llm.prices import Price, cost_usd
from unco.types import ATTRIBUTES, Correction, Entity, GoldEntity, GoldPost, Span, Thresholds

COLUMNS = (*THREE_TASKS, "calls", "usd", "kept")
"""Columns of `Outcomes.values`: correct or not, by task, by the paper's rule; questions; US dollars, nan = unknown;
1 for each entity, 0 where it is dropped."""
COUNTED = [*range(len(THREE_TASKS)), COLUMNS.index("kept")]
"""Columns of what an entity counts for, as long as it is not dropped."""
ROUTINGS: tuple[Routing, ...] = tuple((s, t, r) for s, t, r in product((False, True), repeat=3))

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CoupledPost:
    """A post whose corrected spans may share words, so that one entity's routing decides on another's."""

    number: int
    """Index among the posts."""
    entities: tuple[int, ...]
    """Their rows in `Outcomes`."""
    paths: PostPaths
    gold: GoldPost
    drop: float = 1.0
    """Level above which entities are dropped."""
    replayed: dict[tuple[int, Routing], Entity] = field(default_factory=dict, compare=False, repr=False)
    """Entities as they were corrected before, by index and routing: there are far fewer than ways to route a post."""

    def counts(self, routings: Sequence[Routing]) -> Floats:
        """Count the correct entities by task, and the kept ones, for routings of the post's entities."""
        corrected = [self._corrected(index, routing) for index, routing in enumerate(routings)]
        found = settle_overlaps(corrected, self.paths.extraction)
        kept = [entity for entity in found if entity.doubt <= self.drop]
        return np.array([*(count_post(self.gold, kept, task).correct for task in THREE_TASKS), len(kept)], np.float64)

    def _corrected(self, index: int, routing: Routing) -> Entity:
        known = self.replayed.get((index, routing))
        if known is None:
            entity, answers = self.paths.extraction.entities[index], self.paths.answers[index]
            known = self.replayed[index, routing] = replay_entity(entity, answers, routing, self.paths.extraction)
        return known


@dataclass(frozen=True)
class Outcomes:
    """Scores and costs of all entities of all posts, in order: E entities, P posts."""

    about: About
    data_sha256: str
    """See `data_hash`."""
    post_of: NDArray[np.intp]
    """(E,) index of each entity's post."""
    uncertainty: Floats
    """(E, 3)."""
    values: Floats
    """(E, 2, 2, 2, columns), by whether span, type, region are routed; in coupled posts nothing is correct or kept."""
    doubt: Floats
    """(E, 2, 2, 2), what remains of it once the routed attributes are answered (`Entity.doubt`)."""
    wrong: NDArray[np.bool_]
    """(E, 3) whether the small model is wrong; type and region where the span is right."""
    gold: NDArray[np.int64]
    """(P,) number of gold entities."""
    coupled: tuple[CoupledPost, ...]
    own: Floats | None = None
    """(E, 3) thresholds of each entity by itself; None = all have the same."""

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(P,) number of entities that the small model found; correcting adds none."""
        return np.bincount(self.post_of, minlength=len(self.gold)).astype(np.int64)

    def routed(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Tell which attributes are routed under thresholds: (E, 3)."""
        same = [thresholds.of(name) for name in ATTRIBUTES]
        return np.asarray(self.uncertainty > (same if self.own is None else self.own))

    def dropped(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Tell which entities are dropped under thresholds: (E,)."""
        return np.asarray(self.doubt[self._ways(thresholds)] > thresholds.drop)

    def dropping(self, level: float) -> "Outcomes":
        """Count nothing of the entities whose doubt is above a level once the routed attributes are answered."""
        left_out = (self.doubt > level)[..., None] & np.isin(np.arange(len(COLUMNS)), COUNTED)
        coupled = tuple(replace(post, drop=level) for post in self.coupled)
        return replace(self, values=np.where(left_out, 0.0, self.values), coupled=coupled)

    def by_post(self, thresholds: Thresholds) -> Floats:
        """Sum up each post under thresholds: (P, columns)."""
        if thresholds.drop < 1.0:
            return self.dropping(thresholds.drop).by_post(replace(thresholds, drop=1.0))
        routed = self.routed(thresholds)
        chosen = self.values[self._ways(thresholds)]
        sums = np.zeros((len(self.gold), len(COLUMNS)))
        np.add.at(sums, self.post_of, chosen)
        for post in self.coupled:
            rows: list[Routing] = [tuple(row) for row in routed[list(post.entities)].tolist()]
            sums[post.number, COUNTED] += post.counts(rows)
        return sums

    def _ways(self, thresholds: Thresholds) -> tuple[NDArray[np.intp], ...]:
        """Index `values` and `doubt` by how each entity is routed."""
        routed = self.routed(thresholds).astype(np.intp)
        return np.arange(len(routed)), *routed.T

    def of_posts(self, kept: NDArray[np.bool_]) -> "Outcomes":
        """Select the outcomes of some posts, in their order: (P,) whether a post is kept."""
        rows = kept[self.post_of]
        new_post, new_row = np.cumsum(kept) - 1, np.cumsum(rows) - 1
        return replace(
            self,
            post_of=new_post[self.post_of[rows]],
            uncertainty=self.uncertainty[rows],
            values=self.values[rows],
            doubt=self.doubt[rows],
            wrong=self.wrong[rows],
            own=None if self.own is None else self.own[rows],
            gold=self.gold[kept],
            coupled=tuple(
                replace(
                    post,
                    number=int(new_post[post.number]),
                    entities=tuple(int(new_row[row]) for row in post.entities),
                )
                for post in self.coupled
                if kept[post.number]
            ),
        )


def outcomes_of(recording: Recording) -> Outcomes:
    """Score every path of every entity against gold.

    Raises:
        DataError: a post is not labelled.
    """
    gold = recording.gold
    rows, values, doubt = list[tuple[int, list[float]]](), list[Floats](), list[Floats]()
    wrong = list[list[bool]]()
    coupled = list[CoupledPost]()
    for number, (post, wanted) in enumerate(zip(recording.posts, gold, strict=True)):
        first, is_coupled = len(rows), _is_coupled(post)
        for entity, answers in zip(post.extraction.entities, post.answers, strict=True):
            rows.append((number, [entity.uncertainty.of(name) for name in ATTRIBUTES]))
            table, remaining = _tables(entity, answers, post, wanted, recording.about)
            values.append(table)
            doubt.append(remaining)
            wrong.append(_wrong(entity, wanted))
            if is_coupled:
                values[-1][..., COUNTED] = 0
        if is_coupled:
            coupled.append(CoupledPost(number, tuple(range(first, len(rows))), post, wanted))
    return Outcomes(
        about=recording.about,
        data_sha256=data_hash(gold),
        post_of=np.array([number for number, _ in rows], np.intp),
        uncertainty=np.array([uncertainty for _, uncertainty in rows], np.float64).reshape(-1, 3),
        values=np.array(values, np.float64).reshape(-1, 2, 2, 2, len(COLUMNS)),
        doubt=np.array(doubt, np.float64).reshape(-1, 2, 2, 2),
        wrong=np.array(wrong, np.bool_).reshape(-1, 3),
        gold=np.array([len(post.entities) for post in gold], np.int64),
        coupled=tuple(coupled),
        own=_own_thresholds(recording),
    )


def _own_thresholds(recording: Recording) -> Floats | None:
    """Collect the thresholds of each entity by itself, where a policy has given them."""
    rows = [one for post in recording.posts for one in post.extraction.own_thresholds]
    return np.array([[one.of(name) for name in ATTRIBUTES] for one in rows], np.float64) if rows else None


def _is_coupled(post: PostPaths) -> bool:
    """Whether spans of two entities, as found or as corrected, can share words."""
    spans = [
        {entity.span, *(one.correction.after for one in answers if isinstance(one.correction.after, Span))}
        for entity, answers in zip(post.extraction.entities, post.answers, strict=True)
    ]
    return any(one.overlaps(other) for a, b in combinations(spans, 2) for one in a for other in b)


def _tables(
    entity: Entity, answers: Sequence[Answered], post: PostPaths, gold: GoldPost, about: About
) -> tuple[Floats, Floats]:
    """Tabulate an entity's values and doubt by routing; an attribute below the floor was not asked about and stays."""
    asked = [about.floor.are_exceeded(entity.uncertainty, name) for name in ATTRIBUTES]
    table, doubt = np.zeros((2, 2, 2, len(COLUMNS))), np.zeros((2, 2, 2))
    for routing in ROUTINGS:  # in an order in which what is asked of them comes first
        place, there = tuple(map(int, routing)), tuple(map(int, np.logical_and(routing, asked)))
        if there != place:
            table[place], doubt[place] = table[there], doubt[there]
            continue
        after = replay_entity(entity, answers, routing, post.extraction)
        right = [any(entity_correct(after, item, task) for item in gold.entities) for task in THREE_TASKS]
        calls = sum(note.calls for note in after.corrections)
        table[place] = (*right, calls, _usd(after.corrections, about.price), 1.0)
        doubt[place] = after.doubt
    return table, doubt


def _usd(notes: Sequence[Correction], price: Price | None) -> float:
    """Price questions as if they were asked anew, though a recording may have had them from a cache for nothing."""
    called = [note for note in notes if note.calls]
    usd = known_sum([0.0, *(cost_usd(price, note.input_tokens, note.output_tokens) for note in called)])
    return float("nan") if usd is None else usd


def _wrong(entity: Entity, gold: GoldPost) -> list[bool]:
    item: GoldEntity | None = next((item for item in gold.entities if item.span == entity.span), None)
    if item is None:
        return [True, False, False]
    return [False, entity.type != item.type, not region_correct(entity.region, item.boxes)]
