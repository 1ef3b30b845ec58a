"""A folder with one good file of every kind that unco reads: what bad input is made of."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow
from PIL import Image
from pyarrow import parquet

from benchmarks.made_corpus import write_corpus
from tests.evals.tuning.recorded_posts import recorded_posts
from tests.tiny import gold_post, tiny_predictor
from tests.tools.extraction.made_policy import policy_of
from tests.tools.llm.openai_server import completion
from tests.training.made_data import write_data
from unco.corpus.batch.question_files import QuestionFiles
from unco.demo.posts import RECORDING
from unco.evals.formats.gold_lines import gold_to_dict
from unco.evals.formats.label_studio import to_task
from unco.evals.formats.official_json import write_official_gold, write_official_predictions
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.formats.prediction_lines import write_prediction_lines
from unco.evals.tuning.recorded.paths import write_paths
from unco.small_model.checkpoint import Calibration, save_pretrained
from unco.small_model.regions.region import Region
from unco.small_model.regions.region_files import write_region_file
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.tools.extraction.policy import write_policy
from unco.tools.knowledge import build_knowledge
from unco.tools.llm.cache.store import Cache
from unco.tools.memory.file import open_store
from unco.types import Box, Thresholds

GOLD = gold_post("a")
SIZE = (200, 100)
SAID = PredictedPost(
    GOLD.id,
    tuple(Predicted(e.span, e.type, e.boxes[0] if e.boxes else None) for e in GOLD.entities),
    GOLD.tokens,
    size=SIZE,
)
SETTINGS = """
models:
  - {model: authored-test, base_url: "http://127.0.0.1:9/v1", frame: pixels, timeout_s: 20, attempts: 1}
privacy: {region: local, private_posts: [127.0.0.1]}
budget: {calls: 5, usd: 1.5}
prices:
  - {pattern: "^authored", input: 1.5, output: 2}
"""
PRICES = "version: own\nmodels:\n  - {pattern: ^a, input: 1, output: 2, picture_tokens: 7}\n"
PROFILE = "right: {span: 1, type: 0.5, region: 1}\nmalformed: {fenced: 0.1}\nlatency_s: 0\n"
RECIPE = "name: tiny\nlabels: fmnerg\nscheme: fmnerg\nepochs: 1\nbatch_size: 2\nestimator: entropy\n"
REFERENCE = {"posts": 1, "counts": {"entities": (0, 1, *[0] * 99)}}
FACTS = '{"name": "Blue Owls", "description": "a team", "aliases": ["Owls"]}\n{"name": "Ann", "description": "x"}\n'


def write_good_files(folder: Path) -> None:
    """Write them; the names are those that `commands` uses."""
    write_corpus(folder, 2)
    parquet.write_table(pyarrow.Table.from_pylist([{"text": "Ann sings", "id": "0"}]), folder / "posts.parquet")
    Image.new("RGB", SIZE, "white").save(folder / "a.png")
    _write_labelled(folder)
    _write_settings(folder)
    _write_checkpoint(folder / "model")
    write_paths(recorded_posts(2)[0], folder / "paths.jsonl")
    os.mkfifo(folder / "pipe")
    write_data(folder / "data", fine=True)
    _write_batch(folder)
    cache = Cache(folder / "cache")
    cache.put("k", "text")
    cache.close()
    open_store(folder / "memory.db")
    (folder / "regions").mkdir()
    write_region_file(folder / "regions" / "a.npz", [Region(Box(1, 2, 30, 40), "person", "", 0.5)], SIZE)
    (folder / "pictures").mkdir()
    shutil.copy(folder / "a.png", folder / "pictures" / "a.png")


def _write_labelled(folder: Path) -> None:
    (folder / "gold.jsonl").write_text(json.dumps(gold_to_dict(GOLD)) + "\n", "utf-8")
    write_official_gold([GOLD], folder / "gold.json")
    write_prediction_lines([SAID], folder / "said.jsonl")
    write_official_predictions([SAID], folder / "said.json")
    (folder / "results.jsonl").write_text(json.dumps(result()) + "\n", "utf-8")
    task = to_task(SAID, "a.png")
    review = [task | {"annotations": [{"result": task["predictions"][0]["result"]}]}]
    (folder / "review.json").write_text(json.dumps(review), "utf-8")


def _write_settings(folder: Path) -> None:
    texts = {"settings": SETTINGS, "prices": PRICES, "profile": PROFILE, "recipe": RECIPE}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    write_policy(policy_of(None, reference=REFERENCE), folder / "policy.yaml")
    (folder / "facts.jsonl").write_text(FACTS, "utf-8")
    build_knowledge(folder / "facts.jsonl", folder / "facts.db")
    shutil.copy(RECORDING, folder / "recording.jsonl")
    own = folder / "prompts" / "type"
    own.mkdir(parents=True)
    shipped = (Path(RECORDING).parents[1] / "prompts" / "type" / "v1.yaml").read_text("utf-8")
    (own / "own.yaml").write_text(shipped.replace("version: v1", "version: own"), "utf-8")


def _write_batch(folder: Path) -> None:
    with QuestionFiles(folder / "questions") as files:
        files.add("k", {"model": "gpt-4o"})
    response = {"status_code": 200, "body": json.loads(completion())}
    answer = {"custom_id": "k", "response": response, "error": None}
    (folder / "answers.jsonl").write_text(json.dumps(answer) + "\n", "utf-8")


def _write_checkpoint(folder: Path) -> None:
    fitted = {"entropy": Calibration(log_cardinality(2, 10, 4), Thresholds(0.4, 0.3, 0.5))}
    save_pretrained(tiny_predictor(), "entropy", {"tiny": fitted, "names": fitted}, folder, {"data": "none"})


def result() -> dict[str, Any]:
    """A result of the gold post, as plain JSON, with the account of a correction of each attribute."""
    from tests.scripted import ScriptedLlm, doubt, graph_of, kind
    from tests.tiny import extraction
    from unco.types import PictureInfo

    entities = [(e.span, e.type, e.boxes[0] if e.boxes else None, doubt("span type")) for e in GOLD.entities]
    said = extraction(GOLD.tokens, entities, picture=PictureInfo("a.png", "ab" * 32, *SIZE))
    graph = graph_of(lambda post: said, ScriptedLlm({("type", "Ann Lee"): kind("ORG")}))
    output: dict[str, Any] = graph.invoke({"text": " ".join(GOLD.tokens), "id": GOLD.id})
    return output
