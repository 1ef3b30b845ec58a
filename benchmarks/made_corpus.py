"""Write a made-up corpus: posts, a small model's predictions, and the gold that a simulated MLLM knows."""

import json
from pathlib import Path
from typing import Any

from unco.types import GoldEntity, GoldPost, Span

THRESHOLDS = {"span": 0.5, "type": 0.5, "region": 0.5}


def tokens_of(number: int) -> tuple[str, ...]:
    """Make the words of a post; no two posts have the same."""
    return ("Ann", "Lee", f"number{number}", "sings", "in", "Oslo")


def write_corpus(folder: Path, posts: int, unsure: int = 1) -> tuple[Path, Path]:
    """Write posts, and saved predictions of them.

    Args:
        folder: for both files.
        posts: how many.
        unsure: of each `unsure`-th post the first entity has the wrong type, and its uncertainty says so; 0 = of none.

    Returns:
        The file of posts, the file of predictions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "posts.jsonl", folder / "predictions.jsonl"
    with paths[0].open("w", encoding="utf-8") as lines, paths[1].open("w", encoding="utf-8") as prediction_lines:
        for number in range(posts):
            lines.write(json.dumps({"id": str(number), "text": " ".join(tokens_of(number))}) + "\n")
            prediction_lines.write(json.dumps(_prediction(number, unsure > 0 and number % unsure == 0)) + "\n")
    return paths


def gold_of(posts: int) -> list[GoldPost]:
    """Make the gold posts that the simulated MLLM knows."""
    entities = (GoldEntity(Span(0, 2), "PER", ()), GoldEntity(Span(5, 6), "LOC", ()))
    return [GoldPost(str(n), tokens_of(n), entities, None) for n in range(posts)]


def _prediction(number: int, unsure: bool) -> dict[str, Any]:
    tokens = tokens_of(number)
    starts = [sum(len(token) + 1 for token in tokens[:place]) for place in range(len(tokens))]
    offsets = [[start, start + len(token)] for start, token in zip(starts, tokens, strict=True)]
    sure = {"span": 0.1, "type": 0.1, "region": 0.1}
    entities = [
        {
            "index": index,
            "span": {"start": start, "stop": stop},
            "text": " ".join(tokens[start:stop]),
            "start_char": offsets[start][0],
            "stop_char": offsets[stop - 1][1],
            "type": "ORG" if unsure and index == 0 else kind,
            "region": None,
            "uncertainty": sure | ({"type": 0.9} if unsure and index == 0 else {}),
            "nats": sure,
        }
        for index, (start, stop, kind) in enumerate([(0, 2, "PER"), (5, 6, "LOC")])
    ]
    labels = [{"name": name, "description": f"what is called {name}"} for name in ("PER", "ORG", "LOC")]
    head = {"id": str(number), "text": " ".join(tokens), "tokens": tokens, "offsets": offsets}
    return head | {
        "entities": entities, "thresholds": THRESHOLDS, "labels": labels, "picture": None, "model": "saved",
    }  # fmt: skip
