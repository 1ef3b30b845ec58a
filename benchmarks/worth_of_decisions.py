"""Measure what an earlier decision about a name says of a later mention, in log-odds of being wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from langgraph.store.memory import InMemoryStore
from rich.table import Table

from benchmarks.simulated_answers import ReadPosts, record
from unco.evals.simulation import Profile
from unco.evals.tuning.recorded.paths import PostPaths
from unco.evals.tuning.recorded.replay import replay_entities, routing_of
from unco.small_model.uncertainty.regression import fit_regression
from unco.tools.extraction.known_names import name_key
from unco.tools.extraction.own_thresholds import unsureness
from unco.tools.memory.decisions import REMEMBERED, Decision, Remembered, decisions_about
from unco.tools.memory.memory import Memory
from unco.tools.memory.weigh import Found, names_of
from unco.types import Entity, GoldPost

DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of a name about which something had been decided."""

    is_wrong: bool
    uncertainty: float
    agree: int
    """Decisions that came to its value, where the small model had said the same."""
    against: int


def worth_table(posts: ReadPosts, profiles: dict[str, Profile]) -> Table:
    """Fit the weights of decisions beside the small model's own uncertainty."""
    table = Table(
        "answers", "attribute", "mentions", "one that agrees", "one that contradicts", title="Worth, in log-odds"
    )
    for name, profile in profiles.items():
        found = _mentions(record(posts, profile, seed=1).posts)
        for attribute, some in found.items():
            rows = [(unsureness(one.uncertainty), one.agree, one.against) for one in some]
            _, agree, against = fit_regression(rows, [one.is_wrong for one in some]).weights
            table.add_row(name, attribute, f"{len(some):,}", f"{agree:+.2f}", f"{against:+.2f}")
    return table


def _mentions(posts: Sequence[PostPaths]) -> dict[Remembered, list[Mention]]:
    memory, mentions = Memory(InMemoryStore(), "benchmark"), {name: list[Mention]() for name in REMEMBERED}
    for post in posts:
        small = post.extraction
        found = memory.find(names_of(small))
        for entity in small.entities:
            for name in REMEMBERED:
                mentions[name] += _mention(entity, name, found, post.gold)
        entities = replay_entities(post, small, [routing_of(one, small.thresholds_of(one)) for one in small.entities])
        memory.add(decisions_about(tuple(entities), small, DAY))
    return mentions


def _mention(entity: Entity, attribute: Remembered, found: Found, gold: GoldPost | None) -> list[Mention]:
    """Look at one attribute of an entity; the type only where the span is right, nothing where nothing was decided."""
    assert gold is not None
    item = next((one for one in gold.entities if one.span == entity.span), None)
    said = name_key(entity.text) if attribute == "span" else entity.type
    known: list[Decision] = [one for one in found.get(name_key(entity.text), ()) if one.attribute == attribute]
    if not known or (attribute == "type" and item is None):
        return []
    is_wrong = item is None or (attribute == "type" and item.type != entity.type)
    decided = [one.decided == said for one in known if one.said == said]
    return [Mention(is_wrong, entity.uncertainty.of(attribute), sum(decided), len(decided) - sum(decided))]
