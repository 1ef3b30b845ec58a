"""A long line takes a few times its own memory, whatever reads it, right or wrong."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unco.corpus.posts import count_posts, read_posts
from unco.errors import DataError
from unco.evals.formats.detect_format import read_gold, read_predictions
from unco.evals.formats.results import read_results
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.types import Post

LONG = "a " * 2_000_000
RESULT: dict[str, Any] = {"text": "a", "tokens": ["a"], "entities": [], "picture": None, "model": LONG} | {
    "thresholds": {"span": 1, "type": 1, "region": 1}
}
SAVED: dict[str, Any] = RESULT | {"offsets": [[0, 1]], "labels": []}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_gold, json.dumps({"id": "a", "tokens": [LONG], "entities": []})),
        (read_gold, json.dumps({"id": "a", "text": LONG, "entities": []})),
        (read_gold, json.dumps({"id": "a", LONG: 1})),
        (read_gold, json.dumps({"id": "a", "tokens": [LONG]})[:-3]),
        (read_gold, json.dumps([{"image_id": LONG, "tokens": [], "gt_entities": []}])),
        (read_predictions, json.dumps({"id": LONG, "entities": []})),
        (read_predictions, json.dumps({"id": "a", "entities": LONG})),
        (read_results, json.dumps(RESULT)),
        (lambda path: SavedPredictions(path)(Post(("a",))), json.dumps(SAVED)),
        (lambda path: (count_posts(path), list(read_posts(path))), json.dumps({"text": LONG})),
    ],
)
def test_a_long_line_takes_a_few_times_itself(read: Callable[[Path], object], text: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text(text + "\n", "utf-8")
    tracemalloc.start()
    try:
        read(tmp_path / "f")
    except DataError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 6 * len(text)
