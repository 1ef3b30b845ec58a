"""Applies a run's choices to what the small model said: its thresholds, and types of the user's own list.

Such types were not trained. The spans are the small model's; of the types it knows nothing, so each is asked about,
with the small model's finest own type as a hint.
"""

from dataclasses import replace

from unco.context import Context
from unco.types import Attribute, Correction, Entity, Extraction, Label, Outcome, Thresholds


def for_run(found: Extraction, context: Context, thresholds: Thresholds | None = None) -> Extraction:
    """Return an extraction with the run's thresholds, levels of belief, and labels where it has a list of its own.

    Args:
        found: what the small model says; what this returned before comes back unchanged.
        context: of the run.
        thresholds: of what is asked, instead of the checkpoint's and the context's, for a variant that fixes them.
    """
    chosen = context.thresholds(found.thresholds)
    found = replace(
        found,
        thresholds=replace(thresholds, drop=chosen.drop, recall=chosen.recall) if thresholds else chosen,
        accept=context.accept(found.accept),
        own_thresholds=() if thresholds else tuple(map(context.thresholds, found.own_thresholds)),
    )
    return found if context.labels is None else _with_labels(found, context.labels)


def _with_labels(found: Extraction, labels: tuple[Label, ...]) -> Extraction:
    hints: tuple[str | None, ...] = found.fine_types or tuple(entity.type for entity in found.entities)
    entities = tuple(
        replace(
            entity,
            type=None,
            hint=hint if entity.hint is None else entity.hint,
            uncertainty=replace(entity.uncertainty, type=1.0),
            nats=replace(entity.nats, type=0.0),
        )
        for entity, hint in zip(found.entities, hints, strict=True)
    )
    return replace(found, labels=labels, own_labels=True, entities=entities, own_thresholds=())


def outcome_of_value(note: Correction, after: object) -> Outcome:
    """Return the outcome of a verified answer: a type that nobody said before is `added`."""
    if note.attribute == "type" and note.before is None:
        return "added"
    return "changed" if after != note.before else "kept"


def unasked_outcome(attribute: Attribute, entity: Entity) -> Outcome:
    """Return the outcome of an attribute that was below its threshold: without a value it is not known at all."""
    return "unavailable" if attribute == "type" and entity.type is None else "skipped"
