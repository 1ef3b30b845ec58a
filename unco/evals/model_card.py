"""The card of a checkpoint, written from what its training run left in `config.json`."""

import json
from pathlib import Path
from typing import Any

TEMPLATE = """\
# {name}

A pointer sequence-to-sequence model for grounded multimodal NER on tweets: it finds spans, types ({types}) and
regions and says how unsure it is of each. {layers} encoder layers, {decoder_layers} decoder layers, hidden size
{hidden}; weights as int8 with a scale a row, computed with in float32.

Started from {start} (SHA-256 of the weights {start_sha256}), Apache-2.0. This model is Apache-2.0 too.

## Data

{data}: trained on train; the epoch, the normaliser and the thresholds chosen on dev; test only reported.
SHA-256 of the text files: {hashes}

The pictures of the data set were not used. Regions in training and in the scores marked "simulated" are its
real gold boxes with simulated detector errors, misread text and distractors
(`unco/small_model/simulated_regions.py`). The model weighs the place, the kind and the recognised text of a
region; it does not see pixels.

## Command

```
unco train --data <folder of Twitter-GMNER> --out <folder> --recipe {name}
```

Settings: {recipe}

## Scores (one seed)

| | dev | test |
| --- | --- | --- |
| MNER F1, exact span and type, text alone | {dev_f1} | {test_f1} |
| MNER precision / recall | {dev_pr} | {test_pr} |
| groundable or not, right spans, simulated regions | {dev_ground} | {test_ground} |
| AUROC wrong span: MC dropout / 1 - confidence | {dev_span} | {test_span} |
| AUROC wrong type, right span: MC dropout / 1 - confidence | {dev_type} | {test_type} |

F1 and accuracy in percent. `unco score-model --data <folder of Twitter-GMNER>` measures them again. MNER F1 on
dev after each epoch: {curve}

## Uncertainty

Monte Carlo dropout in the decoder and the top {mc_layers} encoder layers, p = {p}, T = {passes}; span
uncertainty variant `{variant}`; normaliser: the range on dev. Thresholds: span {t_span}, type {t_type}, region
{t_region}. They send the shares of dev entities to the correctors that the paper reports for Twitter-GMNER (its
Table 6: 12.32 %, 15.74 %, 28.03 %); they are not tuned for any MLLM.

## Limits

English tweets of 2012 to 2017. Names of people and companies of that time are known best. Long texts are read
in windows.
"""


def write_card(folder: Path) -> Path:
    """Write `README.md` beside a checkpoint's `config.json`."""
    data = json.loads((folder / "config.json").read_text("utf-8"))
    target = folder / "README.md"
    target.write_text(TEMPLATE.format(**card_values(data)), "utf-8")
    return target


def card_values(data: dict[str, Any]) -> dict[str, Any]:
    """What the template needs, from a checkpoint's configuration."""
    model, origin = data["model"], data["origin"]
    thresholds = {f"t_{name}": value for name, value in data["thresholds"].items()}
    scores = {
        f"{split}_{name}": value
        for split in ("dev", "test")
        for name, value in _scores(origin["report"][split]).items()
    }
    return {
        **scores,
        **thresholds,
        "name": data["name"],
        "types": ", ".join(label["name"] for label in model["labels"]),
        "layers": model["encoder_layers"],
        "decoder_layers": model["decoder_layers"],
        "hidden": model["hidden"],
        "start": origin["started_from"]["name"],
        "start_sha256": origin["started_from"]["sha256"],
        "data": origin["data"],
        "hashes": ", ".join(f"{split} {digest}" for split, digest in origin["data_sha256"].items()),
        "recipe": ", ".join(f"{key} {value}" for key, value in origin["recipe"].items() if key != "name"),
        "curve": ", ".join(f"{100 * value:.2f}" for value in origin["dev_f1_by_epoch"]),
        "p": data["mc_dropout"]["p"],
        "passes": data["mc_dropout"]["passes"],
        "mc_layers": data["mc_dropout"]["encoder_layers"],
        "variant": data["span_variant"],
    }


def _scores(split: dict[str, Any]) -> dict[str, str]:
    return {
        "f1": f"{100 * split['f1']:.2f}",
        "pr": f"{100 * split['precision']:.2f} / {100 * split['recall']:.2f}",
        "ground": f"{100 * split['groundable']:.2f}",
        "span": f"{split['mc_dropout']['span']} / {split['confidence']['span']}",
        "type": f"{split['mc_dropout']['type']} / {split['confidence']['type']}",
    }
