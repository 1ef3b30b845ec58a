"""Write the model card of a checkpoint from what its training run left in `config.json`."""

import json
import shlex
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from unco.training.model_report import ModelReport
from unco.training.show_report import table_rows

TEMPLATE = """\
# {name}

A pointer sequence-to-sequence model for grounded multimodal NER on tweets: it finds spans, types and regions and says
how unsure it is of each. {layers} encoder layers, {decoder_layers} decoder layers, hidden size {hidden}; weights as
int8 with a scale a row, computed with in float32. Types are given out in the schemes {schemes}; in `{scheme}` where
none is named.

Started from {start} (SHA-256 of the weights {start_sha256}).

## Data

{data}: trained on train; the epoch, the normaliser and the thresholds chosen on dev; test only reported.
SHA-256 of the text files: {hashes}; of the folder of box files {boxes_hash}. Regions: {regions}.
Captions: {captions}. Texts of other sources: {more}. Teachers: {teachers}. Added posts: {added}.
{credits}
{about_regions}
## Command

```
unco train --gold <folder of the data set> --out <folder> {command}
```

Beside that `--boxes`, `--regions`, `--captions`, `--more` and `--add` where the data needs them. Settings: {recipe}

Versions: {versions}

## Scores (this run alone)

{scores}

F1, recall and accuracy in percent, the rest in [0, 1]. `unco score-model` measures them again.

MNER F1 on dev after each epoch, in `{scheme}`: {curve}

Training loss at every 100th step: {losses}

## Uncertainty

Estimator where none is named: {estimator}. There are {estimators}, each with a normaliser and thresholds of its
own for each scheme. Normaliser: the range on dev; chances are left as they
are. Thresholds of this one in `{scheme}`: span {span}, type {type},
region {region}. They send the shares of dev entities to the correctors that the paper reports for Twitter-GMNER (its
Table 6: 12.32 %, 15.74 %, 28.03 %); they are not tuned for any MLLM.

`learned` is fitted on dev, so its scores on dev are a little too good. AUROC of wrong spans on dev, each
fifth judged by what was fitted on the others: {held_out}; `two_heads`, which learns nothing: {two_heads}. AUROC of
wrong types in the same way: {learned_types}.
{learned_regions}
## Long posts

{learned_starts}

## Limits

The checkpoint keeps a vector and the type of each name in its training split, though not the words: somebody who has
it may be able to tell whether a name was there. Keep one that was trained on private posts as you keep the posts.

It knows best what its data shows; Twitter-GMNER and Twitter-FMNERG are English tweets of 2012 to 2017.
"""
SIMULATED = """\
The pictures of the data set were not used. Regions, in training and in the scores with simulated regions, are its real
gold boxes with simulated detector errors, misread text and distractors
(`unco/small_model/regions/simulated/plain.py`). Such scores say little about real pictures: a rule does as well or
better that takes the largest person for a person; else the text that shares a word; else the first object. The model
weighs the place, the kind and the recognised text of a region; it does not see pixels.

The rows "simulated regions in clutter" show the same gold boxes among people, things and text that nobody named
(`cluttered.py`). {clutter} "A rule" is the one above; without objects, it takes no object.
"""
CREDITS = {
    "broad-twitter-corpus": "Broad Twitter Corpus (Derczynski, Bontcheva, Roberts, COLING 2016), CC BY 4.0",
    "wnut17": "WNUT-17, emerging and rare entities (Derczynski, Nichols, van Erp, Limsopatham, W-NUT 2017), CC BY 4.0",
}
"""Texts of other sources that must be named, by their folder."""


def write_card(folder: Path) -> Path:
    """Write `README.md` beside a checkpoint's `config.json`."""
    data = json.loads((folder / "config.json").read_text("utf-8"))
    target = folder / "README.md"
    target.write_text(TEMPLATE.format(**card_values(data)), "utf-8")
    return target


def read_report(data: dict[str, Any]) -> ModelReport:
    """Read the report in a checkpoint's configuration."""
    origin = data["origin"]
    shown = "simulated regions" if origin["regions"] == "simulated" else "region files"
    splits = {name: {"shown": shown, **origin["report"][name]} for name in ("dev", "test")}  # not in earlier ones
    return TypeAdapter(ModelReport).validate_python(origin["report"] | splits)


def score_table(report: ModelReport) -> str:
    """Format a report as a Markdown table."""
    lines = [f"| {name} | {dev} | {test} |" for name, dev, test in table_rows(report)]
    return "\n".join(["| | dev | test |", "| --- | --- | --- |", *lines])


def card_values(data: dict[str, Any]) -> dict[str, Any]:
    """Collect the values of the template from a checkpoint's configuration."""
    model, origin = data["model"], data["origin"]
    recipe, *changes = origin["command"]
    return {
        **data["calibrations"][data["scheme"]][data["estimator"]]["thresholds"],
        "name": data["name"],
        "scheme": data["scheme"],
        "schemes": ", ".join(f"{name} ({count} types)" for name, count in _schemes(model).items()),
        "layers": (model["foreign_encoder"] or {}).get("num_hidden_layers", model["encoder_layers"]),
        "decoder_layers": model["decoder_layers"],
        "hidden": model["hidden"],
        "start": origin["started_from"]["name"],
        "start_sha256": origin["started_from"]["sha256"],
        "data": origin["data"],
        "hashes": ", ".join(f"{split} {digest}" for split, digest in origin["data_sha256"].items()),
        "boxes_hash": origin["boxes_sha256"],
        "regions": f"{origin['regions']} {origin['regions_sha256'] or ''}".strip(),
        "about_regions": _about_regions(origin),
        "more": _hashes(origin.get("more_sha256", {})),
        "teachers": _hashes(origin.get("teachers_sha256", {})),
        "added": _added(origin),
        "credits": _credits(origin.get("more_sha256", {})),
        "captions": origin["captions_sha256"] or "none",
        "command": " ".join(
            [f"--recipe {shlex.quote(recipe)}", *(f"--set {shlex.quote(change)}" for change in changes)]
        ),
        "recipe": _listed(origin["recipe"]),
        "versions": _listed(origin["versions"]),
        "scores": score_table(read_report(data)),
        # None: the shipped model was scored after its last epochs only.
        "curve": ", ".join("not scored" if f1 is None else f"{100 * f1:.2f}" for f1 in origin["dev_f1_by_epoch"]),
        "losses": ", ".join(f"{value:.2f}" for value in origin["loss_by_100_steps"]),
        **{name: _rounded(value) for name, value in origin["learned_spans"].items()},
        "learned_types": _learned_types(origin["learned_types"]),
        "learned_regions": _learned_regions(origin.get("learned_regions") or {}),
        "learned_starts": _learned_starts(origin.get("learned_starts")),
        "estimator": f"{data['estimator']} ({_listed(data['estimators'][data['estimator']])})",
        "estimators": ", ".join(data["estimators"]),
    }


def _about_regions(origin: dict[str, Any]) -> str:
    """Say what simulated regions are, and whether the model was trained in clutter."""
    if origin["regions"] != "simulated":
        return ""
    share = origin["recipe"].get("clutter", 0.0)
    seen = f"In training, a share of {share} of the pictures had clutter."
    return SIMULATED.format(clutter=seen if share else "The model was not trained on them.")


def _added(origin: dict[str, Any]) -> str:
    """Say which posts of reviews and answers came in."""
    files, counts = origin.get("added_sha256", {}), origin.get("added", {})
    if not files:
        return "none"
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f"{said}, of {_hashes(files)}"


def _credits(more: dict[str, str]) -> str:
    """Name the sources whose licence asks for it, each once."""
    folders = dict.fromkeys(name.partition("/")[0] for name in more)
    named = [CREDITS[folder] for folder in folders if folder in CREDITS]
    return f"These texts are from {' and '.join(named)}.\n" if named else ""


def _hashes(hashes: dict[str, str]) -> str:
    return ", ".join(f"{name} {digest}" for name, digest in hashes.items()) or "none"


def _learned_types(learned: dict[str, Any]) -> str:
    """Format AUROC of types by scheme, held out and by the tags alone."""
    return ", ".join(
        f"`{scheme}` {_rounded(value)} (`tags` {_rounded(learned['tags'][scheme])})"
        for scheme, value in learned["held_out"].items()
    )


def _learned_regions(learned: dict[str, dict[str, float | None]]) -> str:
    """Format AUROC and ECE of wrong regions by what was shown, held out, where a regression was fitted."""
    return "".join(
        f"AUROC of wrong regions on dev in the same way, {shown}: {_rounded(found['auroc'])} (1 - confidence: "
        f"{_rounded(found['confidence'])}), ECE {_rounded(found['ece'])}.\n"
        for shown, found in learned.items()
    )


def _learned_starts(learned: dict[str, float | None] | None) -> str:
    """Say how well the beginnings of dev's posts are found, where layers for it were fitted."""
    if learned is None:
        return "Posts of more than 64 word pieces are read in windows of whole sentences, of at most 40 pieces."
    return (
        "Posts of more than 40 word pieces are cut where a text most likely begins, in windows of at most 48. Of dev's "
        f"posts, joined at random, {_rounded(learned['recall'])} of all beginnings are found, and "
        f"{_rounded(learned['precision'])} of those that are found are right."
    )


def _rounded(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _schemes(model: dict[str, Any]) -> dict[str, int]:
    coarser = {scheme["name"]: len(scheme["labels"]) for scheme in model["coarser"]}
    return {model["label_scheme"]: len(model["labels"]), **coarser}


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
