"""A small corpus on disk: posts, what a small model said of them, and the gold that a simulated MLLM knows."""

import json
from pathlib import Path
from typing import Any

from unco.types import GoldEntity, GoldPost, Span

THRESHOLDS = {"span": 0.5, "type": 0.5, "region": 0.5}


def tokens_of(number: int) -> tuple[str, ...]:
    return ("Ann", "Lee", f"number{number}", "sings", "in", "Oslo")


def write_corpus(folder: Path, posts: int, unsure: int = 1) -> tuple[Path, Path]:
    """Posts, and saved predictions: of each `unsure`-th post the first entity has the wrong type, and says so."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "posts.jsonl", folder / "predictions.jsonl"
    lines = [json.dumps({"id": str(n), "text": " ".join(tokens_of(n))}) for n in range(posts)]
    paths[0].write_text("\n".join(lines) + "\n")
    paths[1].write_text("".join(json.dumps(_prediction(n, n % unsure == 0)) + "\n" for n in range(posts)))
    return paths


def gold_of(posts: int) -> list[GoldPost]:
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
