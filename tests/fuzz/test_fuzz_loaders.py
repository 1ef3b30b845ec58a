"""Every reader of files over spoilt good files: it reads them, or raises the errors that it names, and nothing else."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import HUGE, ODD, changed, spoilt
from unco.corpus.posts import read_posts
from unco.errors import DataError, PostError, RecordingMiss, SettingsError, SetupError, UncoError
from unco.evals.data.twitter_gmner import read_captions
from unco.evals.formats.conll_voc import read_folder
from unco.evals.formats.detect_format import read_gold, read_predictions
from unco.evals.formats.results import read_results
from unco.evals.review.label_studio_import import read_review
from unco.evals.simulation.gold import read_gold as read_simulation_gold
from unco.evals.simulation.profile import read_profile
from unco.evals.tuning.recorded.paths import read_paths
from unco.prompts.registry import read_prompt
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.regions.region_files import read_region_file
from unco.tools.extraction.policy import read_policy
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.knowledge import Knowledge, build_knowledge
from unco.tools.llm.cache.maintenance import cache_stats, prune_cache, verify_cache
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.prices import read_prices
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Request
from unco.tools.settings_file import read_settings
from unco.training.recipe import read_recipe
from unco.types import Post

pytestmark = pytest.mark.slow


def posts(path: Path) -> None:
    for line in read_posts(path):
        assert (line.post is None) == bool(line.fault)


def predictions(path: Path) -> None:
    saved = SavedPredictions(path)
    for post in (Post("Ann Lee number0 sings in Oslo", id="0"), Post("nobody", id="7")):
        try:
            saved(post)
        except PostError:
            pass


def recording(path: Path) -> None:
    Recording(path).find(Request(model="authored-demo", system="", user="Ann"))


def facts(path: Path) -> None:
    build_knowledge(path, path.with_name("out.db"))


def knowledge(path: Path) -> None:
    Knowledge(path).look_up("Blue Owls")


def cached(path: Path) -> None:
    """Whatever lies in the file, an answer is what was stored or missing, and upkeep ends or says why not."""
    cache = Cache(path.parent)
    try:
        assert cache.get("k") in (None, "text")
        cache.put("other", "text")
        for upkeep in (cache_stats, verify_cache, lambda one: prune_cache(one, 1)):
            upkeep(cache)
    finally:
        cache.close()
        for left in path.parent.glob("cache.db-*"):
            left.unlink()


def checkpoint(path: Path) -> None:
    from_pretrained(path.parent)


@dataclass(frozen=True)
class Target:
    file: str
    read: Callable[[Path], Any]
    raises: tuple[type[UncoError], ...]
    form: str = ""
    """json, lines or yaml: values in it are changed as well as bytes."""
    odd: tuple[Any, ...] = ODD + HUGE


TARGETS: dict[str, Target] = {
    "posts": Target("posts.jsonl", posts, (DataError,), "lines"),
    "predictions": Target("predictions.jsonl", predictions, (DataError,), "lines"),
    "recording": Target("recording.jsonl", recording, (DataError, RecordingMiss), "lines"),
    "policy": Target("policy.yaml", read_policy, (SettingsError,), "yaml"),
    "settings": Target("settings.yaml", read_settings, (SettingsError,), "yaml"),
    "prices": Target("prices.yaml", read_prices, (SettingsError,), "yaml"),
    "profile": Target("profile.yaml", read_profile, (SettingsError,), "yaml"),
    "recipe": Target("recipe.yaml", read_recipe, (SettingsError,), "yaml"),
    "prompt": Target("prompts/type/own.yaml", read_prompt, (SettingsError,), "yaml"),
    "facts": Target("facts.jsonl", facts, (DataError,), "lines"),
    "knowledge": Target("facts.db", knowledge, (SetupError,)),
    "cache": Target("cache/cache.db", cached, (SetupError,)),
    "region file": Target("regions/a.npz", read_region_file, (DataError,)),
    "gold lines": Target("gold.jsonl", read_gold, (DataError,), "lines"),
    "official gold": Target("gold.json", read_gold, (DataError,), "json"),
    "simulation's gold": Target("gold.jsonl", read_simulation_gold, (DataError,), "lines"),
    "prediction lines": Target("said.jsonl", read_predictions, (DataError,), "lines"),
    "official predictions": Target("said.json", read_predictions, (DataError,), "json"),
    "results": Target("results.jsonl", read_results, (DataError,), "lines"),
    "recorded paths": Target("paths.jsonl", read_paths, (DataError,), "lines"),
    "Label Studio's export": Target("review.json", read_review, (DataError,), "json"),
    "CoNLL posts": Target("data/txt/dev.txt", posts, (DataError,)),
    "CoNLL text": Target("data/txt/dev.txt", lambda path: read_folder(path.parents[1], "dev"), (DataError,)),
    "VOC boxes": Target("data/xml/dev0.xml", lambda path: read_folder(path.parents[1], "dev"), (DataError,)),
    "captions": Target("data/txt/test.txt", read_captions, (DataError,)),
    "checkpoint": Target("model/config.json", checkpoint, (SetupError, SettingsError), "json", ODD),
    "weights": Target("model/model.safetensors", checkpoint, (SetupError,)),
    "tokenizer": Target("model/tokenizer.json", checkpoint, (SetupError,)),
}


def strategy(target: Target, good: bytes) -> st.SearchStrategy[bytes]:
    """Spoilt bytes; and where a file has a form, the same form with odd values in it."""
    if not target.form:
        return spoilt(good)
    return spoilt(good) | changed(_values(target.form, good), target.odd).map(
        lambda value: _written(target.form, value)
    )


def _values(form: str, good: bytes) -> Any:
    if form == "lines":
        return [json.loads(line) for line in good.splitlines()]
    return json.loads(good) if form == "json" else yaml.safe_load(good)


def _written(form: str, value: Any) -> bytes:
    if form == "yaml":
        return yaml.safe_dump(value).encode("utf-8", "surrogatepass")
    lines = value if form == "lines" and isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.mark.parametrize("name", TARGETS)
def test_a_spoilt_file_is_read_or_refused_by_name(name: str, good_files: Path) -> None:
    target = TARGETS[name]
    path = good_files / target.file
    good = path.read_bytes()

    @settings(suppress_health_check=list(HealthCheck))
    @given(data=strategy(target, good))
    def reads(data: bytes) -> None:
        path.unlink()  # a database that was left open looks at the old one
        path.write_bytes(data)
        try:
            target.read(path)
        except target.raises:
            pass

    try:
        reads()
    finally:
        path.write_bytes(good)
        path.with_name("out.db").unlink(missing_ok=True)


def _damaged_facts(good: bytes) -> bytes:
    """A description that is no text."""
    with sqlite3.connect(":memory:") as base:
        base.deserialize(good)
        base.execute("UPDATE facts SET description = x'ff' WHERE rowid = 1")
        base.commit()
        data = base.serialize()
    base.close()
    return data


FOUND: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("recording", lambda good: good.replace(b'"temperature": 0.0', b'"temperature": 1' + b"0" * 400, 1)),
    ("knowledge", _damaged_facts),
    ("Label Studio's export", lambda good: good.replace(b'"labels": ["PER"]', b'"labels": [["PER"]]')),
    ("checkpoint", lambda good: good.replace(b'"foreign_encoder": null', b'"foreign_encoder": true')),
    ("checkpoint", lambda good: b"[" * 100_000),
    ("cache", lambda good: good.replace(b"CREATE TABLE Cache", b"CREATE TABLE C\xffche")),
)
"""What once raised something else."""


@pytest.mark.parametrize(("name", "spoil"), FOUND)
def test_what_was_found_stays_refused(
    name: str, spoil: Callable[[bytes], bytes], good_files: Path, tmp_path: Path
) -> None:
    target = TARGETS[name]
    path = tmp_path / target.file
    path.parent.mkdir(parents=True, exist_ok=True)
    good = (good_files / target.file).read_bytes()
    assert spoil(good) != good
    for other in (good_files / target.file).parent.iterdir():
        if name == "checkpoint":
            shutil.copy(other, path.parent)
    path.write_bytes(spoil(good))
    with pytest.raises(target.raises):
        target.read(path)
