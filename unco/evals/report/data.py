"""Collect the data of a report as JSON: the run as it was recorded, its scores against gold, and its cost."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from unco.errors import DataError
from unco.evals.evaluate.run_scores import score_run
from unco.evals.evaluate.scoring import Scored
from unco.evals.evaluate.type_schemes import own_types, type_schemes_of
from unco.evals.formats.checks import check_pairs
from unco.evals.formats.geometry import box_to_list
from unco.evals.formats.prediction_lines import predicted_of
from unco.evals.metrics.correction_effects import count_effects, value_correct, was_asked
from unco.evals.metrics.paper import THREE_TASKS
from unco.evals.report.densities import plot_data
from unco.nodes.questions.usage import usage_of
from unco.show import steps_before
from unco.types import ATTRIBUTES, UNTYPED, Box, Correction, Entity, GoldPost, PostQuestion, Result, Span, Thresholds

Json = dict[str, Any]


def report_data(
    results: Sequence[Result], gold: Sequence[GoldPost] | None, pictures: Sequence[str | None] | None = None
) -> Json:
    """Collect all data that the page needs.

    Args:
        results: of a run, all under the same thresholds.
        gold: the same posts in the same order; None = nothing is scored.
        pictures: `data:` URL of each post's picture, None where there is none; None = of no post.

    Raises:
        DataError: there are no posts, gold is of others, or thresholds differ.
    """
    if not results:
        raise DataError("the run has no posts, so there is nothing to show")
    if gold is not None:
        run = [predicted_of(result) for result in results]
        check_pairs(gold, run)
        # The page scores as `score_run` does: in the finest type scheme that the run speaks.
        gold = type_schemes_of(gold, [post.entities for post in run], own_types(run))[0].convert_gold(gold)
    if len({result.thresholds for result in results}) > 1:
        raise DataError("the posts were run under different thresholds: make a report for each of them")
    wanted: Sequence[GoldPost | None] = [None] * len(results) if gold is None else gold
    images = [None] * len(results) if pictures is None else pictures
    return {
        "about": _about(results),
        "hint": "Dashed boxes are gold." if gold is not None else "",
        "unpictured": sum(
            image is None and result.seen_picture is not None for image, result in zip(images, results, strict=True)
        ),
        "unseen": sum(result.seen_picture is None for result in results),
        "warning": _warning(results),
        "labelled": gold is not None,
        "thresholds": asdict(results[0].thresholds),
        "types": sorted({entity.shown_type for result in results for entity in result.all_entities}),
        "scores": None if gold is None else _scores(results, gold),
        "costs": _costs(results, gold),
        "plots": None if gold is None else plot_data(results, gold),
        "posts": [_post(*one) for one in zip(results, wanted, images, strict=True)],
    }


def _about(results: Sequence[Result]) -> str:
    mllms = sorted({question.model for question in _questions_asked(results) if question.model})
    entities = sum(len(result.entities) for result in results)
    asked = ", ".join(mllms) or "nobody was asked"
    dropped = sum(len(result.dropped) for result in results)
    apart = f" and {dropped} that were dropped as too doubtful" if dropped else ""
    return f"{len(results)} posts, {entities} entities{apart}. Small model: {results[0].model}. MLLM: {asked}."


def _warning(results: Sequence[Result]) -> str:
    warnings = []
    if any(one.simulated for one in _questions_asked(results)):
        warnings.append(
            "Answers in this run are simulated: the instrument knows the gold answers and errs as it is told. "
            "Scores show shapes and say nothing about any model."
        )
    if any(one.authored for one in _questions_asked(results)):
        warnings.append("Answers in this run were written by hand: no model gave them.")
    return " ".join(warnings)


def _scores(results: Sequence[Result], gold: Sequence[GoldPost]) -> Json:
    found = score_run(gold, [predicted_of(result) for result in results])
    tasks = next(iter(found.schemes.values())).tasks
    lines = {task: tasks[task] for task in THREE_TASKS}
    return {
        task: {"f1": line.f1.value, "low": line.f1.low, "high": line.f1.high} if isinstance(line, Scored) else None
        for task, line in lines.items()
    }


def _costs(results: Sequence[Result], gold: Sequence[GoldPost] | None) -> list[tuple[str, str]]:
    notes = _notes(results)
    usage = usage_of(notes, [question for result in results for question in result.questions])
    tokens = "unknown" if None in (usage.input_tokens, usage.output_tokens) else _token_total(usage)
    routed = [note for result in results for entity in result.all_entities for note in _routed(entity)]
    costs = [
        ("attributes routed", f"{len(routed):,} of {len(notes):,}"),
        ("asked about", f"{sum(was_asked(note) or note.outcome == 'reviewed' for note in routed):,}"),
        ("calls", f"{usage.calls:,}"),
        ("made in this run", f"{usage.asked:,}"),
        ("tokens", tokens),
        ("US dollars", "unknown" if usage.cost is None else f"{usage.cost:.2f}"),
    ]
    if gold is not None:
        effects = count_effects(gold, results)
        harm = "-" if effects.harm_rate is None else f"{100 * effects.harm_rate:.1f} %"
        costs += [("put right", f"{effects.better:,}"), ("harmed", f"{effects.worse:,}"), ("harm rate", harm)]
    return costs


def _routed(entity: Entity) -> list[Correction]:
    """List what was above its threshold, and what shared a question with it: the page counts in the same way."""
    above = [note for note in entity.corrections if note.outcome != "added" and note.uncertainty > note.threshold]
    joint = [note for note in entity.corrections if was_asked(note) and note.uncertainty <= note.threshold]
    return [*above, *joint] if above else []


def _token_total(usage: Any) -> str:
    return f"{usage.input_tokens + usage.output_tokens:,}"


def _questions_asked(results: Sequence[Result]) -> list[Correction | PostQuestion]:
    """List all questions to an MLLM, about attributes and about whole posts."""
    return [*_notes(results), *(question for result in results for question in result.questions)]


def _notes(results: Sequence[Result]) -> list[Correction]:
    return [note for result in results for entity in result.all_entities for note in entity.corrections]


def _post(result: Result, gold: GoldPost | None, image: str | None) -> Json:
    size = (gold.size if gold else None) or (
        (result.seen_picture.width, result.seen_picture.height) if result.seen_picture is not None else None
    )
    return {
        "id": result.id,
        "tokens": list(result.tokens),
        "gaps": gaps_of(result),
        "size": size,
        "image": image,
        "warnings": list(result.warnings),
        "entities": [_entity(entity, gold, result.thresholds) for entity in result.all_entities],
        "questions": [_question(question) for question in result.questions],
        "gold": None if gold is None else [_gold(item) for item in gold.entities],
    }


def gaps_of(result: Result) -> list[str] | None:
    """Find the text before each token and after the last; None = single spaces between them, or the texts differ."""
    if result.text == " ".join(result.tokens):
        return None
    gaps, place = [], 0
    for token in result.tokens:
        start = result.text.find(token, place)
        if start < 0:
            return None
        gaps.append(result.text[place:start])
        place = start + len(token)
    return [*gaps, result.text[place:]]


def _gold(item: Any) -> Json:
    return {
        "span": [item.span.start, item.span.stop],
        "type": item.type,
        "boxes": [box_to_list(box) for box in item.boxes],
    }


def _entity(entity: Entity, gold: GoldPost | None, thresholds: Thresholds) -> Json:
    by_name = {note.attribute: note for note in entity.corrections}
    return {
        "span": _json_value(entity.span),
        "type": entity.shown_type,
        "region": _json_value(entity.region),
        **({"regions": [box_to_list(box) for box in entity.regions]} if len(entity.regions) > 1 else {}),
        "by": entity.found_by,
        "notes": [_note(by_name[name], entity, gold, thresholds) for name in ATTRIBUTES if name in by_name],
    }


def _note(note: Correction, entity: Entity, gold: GoldPost | None, thresholds: Thresholds) -> Json:
    no_value = UNTYPED if note.attribute == "type" else None
    data: Json = {
        "outcome": note.outcome,
        "uncertainty": note.uncertainty,
        "before": _json_value(note.before) or no_value,
        "after": _json_value(note.after) or no_value,
        "joint": was_asked(note) and note.uncertainty <= note.threshold,
        "changed": note.is_changed,
        "turn": 0 if gold is None or not note.is_changed else _effect(note, entity, gold),
    }
    reviewed = {"reviewed": f"{note.by or 'a person'}, {note.at}"} if note.at else {}
    of_all = thresholds.of(note.attribute)
    own = {} if note.threshold == of_all else {"own": {"threshold": note.threshold, "of_all": of_all}}
    provenance, steps = _provenance(note), steps_before(note)
    before = {"detail": "; ".join(filter(None, (*steps, note.detail)))} if steps else {}
    return data | reviewed | own | provenance | before


def _question(question: PostQuestion) -> Json:
    """Convert a question about the whole post, as generation and recall ask it."""
    return {"finder": question.finder, "outcome": question.outcome, "dropped": question.dropped} | _provenance(question)


def _provenance(answer: Correction | PostQuestion) -> Json:
    """Collect who answered what at which cost, without the empty fields."""
    fields = {
        "detail": answer.detail,
        "reasoning": answer.reasoning,
        "prompt": answer.prompt,
        "model": answer.model,
        "calls": answer.calls,
        "cost": answer.cost,
        "unpriced": answer.calls > 0 and answer.cost is None,
        "seconds": round(answer.seconds, 3),
        "simulated": answer.simulated,
        "authored": answer.authored,
    }
    return {name: value for name, value in fields.items() if value}


def _effect(note: Correction, entity: Entity, gold: GoldPost) -> int:
    """Tell the effect of a correction: 1 = put right, -1 = harmed, 0 = neither, or gold has nothing to compare with."""
    before, after = (value_correct(gold, entity, note.attribute, value) for value in (note.before, note.after))
    return 0 if None in (before, after) else int(bool(after)) - int(bool(before))


def _json_value(value: Span | Box | str | None) -> Any:
    if isinstance(value, Span):
        return [value.start, value.stop]
    return box_to_list(value) if isinstance(value, Box) else value
