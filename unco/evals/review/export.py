"""`unco export` and `unco import-review`: runs and gold in other tools' formats, and a person's review back."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unco.corpus.checks import OTHER_NAMES
from unco.errors import SettingsError
from unco.evals.evaluate.type_schemes import own_types, types_of_scheme, types_to_choose
from unco.evals.formats.checks import check_pairs, numbered
from unco.evals.formats.coco import predictions_to_coco
from unco.evals.formats.conll_voc import write_folder
from unco.evals.formats.detect_format import read_predictions
from unco.evals.formats.entity_table import write_entity_table
from unco.evals.formats.failed_posts import Tell
from unco.evals.formats.gold_lines import write_gold_lines
from unco.evals.formats.json_text import read_text, write_text
from unco.evals.formats.label_studio import labelling_config, to_task
from unco.evals.formats.official_json import write_official_predictions
from unco.evals.formats.predicted import NOWHERE, PredictedPost, known_id, known_tokens
from unco.evals.formats.prediction_lines import predicted_of, write_prediction_lines
from unco.evals.formats.results import read_results
from unco.evals.review.label_studio_import import ReviewedPosts, read_review
from unco.evals.review.queue import review_queue
from unco.evals.review.reviewed_gold import gold_of_reviewed
from unco.types import GoldEntity, GoldPost, Result

FORMATS = ("csv", "label-studio", "coco", "conll", "official", "jsonl")


def export_run(
    run: Path,
    form: str,
    out: Path,
    gold: Sequence[GoldPost] | None = None,
    image: str = "{id}.jpg",
    tell: Tell = lambda line: None,
) -> list[PredictedPost]:
    """Write a run in another format.

    Args:
        run: predictions, in any format that `unco evaluate` reads.
        form: of `FORMATS`.
        out: the file; a folder for conll.
        gold: the same posts, where the predictions lack tokens or picture sizes; None = they have both.
        image: of Label Studio: address of a post's picture, with {id} for its id.
        tell: as of `read_results`; with gold such posts are refused.

    Returns:
        The posts that were written; what they dropped is in `csv` and `jsonl` alone.

    Raises:
        DataError: something that the format needs is missing, or cannot be written.
        SettingsError: there is no such format, or the file is named as another.
    """
    if form not in FORMATS:
        raise SettingsError(f"no format {form!r}: choose {', '.join(FORMATS)}")
    _check_name(out, form)
    posts = _with_gold_tokens(read_predictions(run, tell if gold is None else None), gold)
    if form == "coco":
        _write_json(predictions_to_coco(posts, _scheme_types(posts, gold or ())), out)
    else:
        _WRITERS[form](posts, out, image)
    return posts


def _check_name(out: Path, form: str) -> None:
    """Refuse a name by which a spreadsheet or another program takes the file for what it is not."""
    ending, right = out.suffix.lower(), ".csv" if form == "csv" else ".jsonl" if form == "jsonl" else ".json"
    if form != "conll" and ending in OTHER_NAMES and ending != right:
        better = f"{out.stem.removesuffix(right)}{right}"
        raise SettingsError(f"{out.name} is named as something else than {form} is written as: name it {better}")


def export_queue(
    run: Path, out: Path, most: int | None = None, image: str = "{id}.jpg", tell: Tell = lambda line: None
) -> int:
    """Write the review queue, the most uncertain posts first, as tasks for Label Studio.

    Args:
        run: results of unco, with the record of their corrections.
        out: the file.
        most: posts; None = all that need a review.
        image: as of `export_run`.
        tell: as of `read_results`.

    Returns:
        How many posts were written.

    Raises:
        DataError: the run cannot be read, a post has no id and its number is another's, or the file cannot be written.
    """
    queue = review_queue(numbered(read_results(run, tell)))[:most]
    posts = [_whole(one.result) for one in queue]
    tasks = []
    for one, post in zip(queue, posts, strict=True):
        notes: dict[int, str] = {}
        for item in one.items:
            notes[item.entity] = "; ".join(filter(None, (notes.get(item.entity, ""), item.note)))
        tasks.append(to_task(post, _address(image, post.id), one.result.model, notes))
    _write_tasks(tasks, posts, out)
    return len(queue)


def _whole(result: Result) -> PredictedPost:
    """Convert a result with its dropped entities in their places, so that a person sees them."""
    return predicted_of(replace(result, entities=result.all_entities, dropped=()))


def import_review(path: Path, out: Path) -> ReviewedPosts:
    """Read a review and write its posts as gold lines.

    Args:
        path: Label Studio's export, or results that a person reviewed here.
        out: the file.

    Raises:
        DataError: it cannot be read or written.
    """
    is_export = read_text(path).lstrip().startswith("[")
    reviewed = read_review(path) if is_export else gold_of_reviewed(read_results(path), str(path))
    write_gold_lines(reviewed.gold, out)
    return reviewed


def _with_gold_tokens(posts: Sequence[PredictedPost], gold: Sequence[GoldPost] | None) -> list[PredictedPost]:
    if gold is None:
        return numbered(posts)
    check_pairs(gold, posts)
    return [
        replace(post, id=wanted.id, tokens=wanted.tokens, size=wanted.size or post.size)
        for post, wanted in zip(posts, gold, strict=True)
    ]


def _as_gold(post: PredictedPost) -> GoldPost:
    """Convert predictions to gold posts, for formats that hold nothing else."""
    entities = (GoldEntity(one.span, one.type, () if one.region == NOWHERE else one.regions) for one in post.entities)
    in_order = tuple(sorted(entities, key=lambda one: one.span.start))
    return GoldPost(known_id(post), known_tokens(post), in_order, post.size)


def _to_label_studio(posts: Sequence[PredictedPost], out: Path, image: str) -> None:
    _write_tasks([to_task(post, _address(image, post.id)) for post in posts], posts, out)


def _write_tasks(tasks: list[dict[str, Any]], posts: Sequence[PredictedPost], out: Path) -> None:
    config = out.with_suffix(".xml")
    if config == out:
        raise SettingsError(f"the labelling config is written to {out}: name the tasks {out.with_suffix('.json').name}")
    _write_json(tasks, out)
    write_text(labelling_config(types_to_choose(_types_found(posts), own_types(posts))), config)


def _types_found(posts: Sequence[PredictedPost] | Sequence[GoldPost]) -> set[str]:
    return {entity.type for post in posts for entity in post.entities}


def _scheme_types(posts: Sequence[PredictedPost], gold: Sequence[GoldPost]) -> list[str]:
    """List the types of the scheme that the run and gold are in; where they are in two, those of the run's."""
    found, own = _types_found(posts), own_types(posts)
    return types_of_scheme(found | _types_found(gold), own) or types_of_scheme(found, own)


def _address(image: str, identity: str | None) -> str:
    return image.replace("{id}", identity or "")


def _write_json(data: Any, out: Path) -> None:
    write_text(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n", out)


_WRITERS: dict[str, Callable[[Sequence[PredictedPost], Path, str], None]] = {
    "label-studio": _to_label_studio,
    "conll": lambda posts, out, image: write_folder([_as_gold(post) for post in posts], out, "predicted"),
    "official": lambda posts, out, image: write_official_predictions(posts, out),
    "jsonl": lambda posts, out, image: write_prediction_lines(posts, out),
    "csv": lambda posts, out, image: write_entity_table(posts, out),
}
