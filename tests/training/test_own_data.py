"""Gold of a user's own: forms, one file for all, types that are persons; and the commands of the page about it."""

import json
import re
import shlex
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from unco.cli import app
from unco.errors import DataError
from unco.small_model.gold_inputs import SimulatedRegionsInput
from unco.training.examples.data_paths import DataPaths, has_fine_labels, make_input_builder, read_split, shows_regions
from unco.types import Box, GoldEntity, GoldPost, Span

PAGE = Path(__file__).parents[2] / "docs" / "own-data.md"
TEXTS = ("{} cooks in {} today", "{} cocina hoy en {}")
NAMES = (("Mara Quist", "Port Ellis"), ("In\u00e9s Vidal", "Villa Sol"), ("Tobi Lund", "Tarn"))


def lines(number: int, boxes: bool = True) -> list[str]:
    """Invented posts in two languages: a chef, who is in the picture, and a place."""
    made = []
    for index in range(number):
        names = NAMES[index % 3]
        tokens = TEXTS[index % 2].format(*(name.replace(" ", "_") for name in names)).replace("_", " ").split()
        entities = []
        for name, kind in zip(names, ("chef", "place"), strict=True):
            start = tokens.index(name.split()[0])
            held = [[10, 10, 60, 90]] if boxes and kind == "chef" else []
            entities.append({"start": start, "stop": start + len(name.split()), "type": kind, "boxes": held})
        size = {"width": 200, "height": 100} if boxes else {}
        made.append(json.dumps({"id": f"p{index}", "tokens": tokens, "entities": entities[::-1], **size}))
    return made


def test_one_file_is_shared_out_and_a_folder_may_say_val(tmp_path: Path) -> None:
    whole = tmp_path / "gold.jsonl"
    whole.write_text("\n".join(lines(10)), "utf-8")
    shares = {split: [post.id for post in read_split(DataPaths(whole), "own", split)] for split in ("train", "dev")}
    assert shares == {"train": ["p0", "p1", "p2", "p5", "p6", "p7"], "dev": ["p3", "p8"]}
    [first, *_] = read_split(DataPaths(whole), "own", "train")
    assert [entity.type for entity in first.entities] == ["chef", "place"], "in the order of the text"
    (tmp_path / "val.jsonl").write_text("\n".join(lines(2)), "utf-8")
    (tmp_path / "train.jsonl").write_text("\n".join(lines(3)), "utf-8")
    assert len(read_split(DataPaths(tmp_path), "own", "dev")) == 2
    with pytest.raises(DataError, match="has no split 'test': it has train, val"):
        read_split(DataPaths(tmp_path), "own", "test")
    whole.write_text("\n".join(lines(4)), "utf-8")
    with pytest.raises(DataError, match="test holds no posts: a file that is shared out needs 5 or more"):
        read_split(DataPaths(whole), "own", "test")


def test_conll_text_without_ids_and_boxes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "train.conll").write_text("Ann B-PER\nLee I-PER\nsings O\n\nIn\u00e9s B-PER\n", "utf-8")
    paths = DataPaths(tmp_path)
    posts = read_split(paths, "gmner", "train")
    assert [post.tokens for post in posts] == [("Ann", "Lee", "sings"), ("In\u00e9s",)]
    assert (has_fine_labels(paths), shows_regions(paths, posts)) == (False, False)
    assert make_input_builder(paths, posts)(posts[0], Random(0)).regions == ()
    assert "no training post has a box" in caplog.text
    with pytest.raises(DataError, match="--boxes"):
        read_split(DataPaths(tmp_path, boxes=tmp_path / "none"), "gmner", "train")


def test_names_that_overlap_are_refused(tmp_path: Path) -> None:
    entities = [{"start": 0, "stop": 2, "type": "PER"}, {"start": 1, "stop": 2, "type": "ORG"}]
    (tmp_path / "train.jsonl").write_text(json.dumps({"id": "7", "tokens": ["Ann", "Lee"], "entities": entities}))
    with pytest.raises(DataError, match="post '7': 'Ann Lee' and 'Lee' overlap"):
        read_split(DataPaths(tmp_path), "gmner", "train")


def test_own_persons_are_seen_as_people() -> None:
    post = GoldPost("1", ("Mara",), (GoldEntity(Span(0, 1), "chef", (Box(10, 10, 60, 90),)),), (200, 100))
    own, others = SimulatedRegionsInput((), frozenset({"chef"})), SimulatedRegionsInput(())

    def near(build: SimulatedRegionsInput, seed: int) -> set[str]:
        regions = build(post, Random(seed)).regions
        return {region.kind for region in regions if region.box.iou(Box(10, 10, 60, 90)) > 0.6}

    assert set.union(*(near(own, seed) for seed in range(20))) == {"person"}
    assert "text" in set.union(*(near(others, seed) for seed in range(20)))


@pytest.mark.slow
def test_the_commands_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand there: trained from the shipped checkpoint, then extract, run and evaluate with the new one."""
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text("\n".join(lines(30)), "utf-8")
    Path("more.jsonl").write_text("\n".join(lines(3)), "utf-8")
    text = PAGE.read_text("utf-8")
    Path("kitchen.yaml").write_text(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0], "utf-8")
    commands = [line for line in text.splitlines() if line.startswith("unco ")]
    assert [command.split()[1] for command in commands] == ["train", "extract", "run", "evaluate"]
    for command in commands:
        words = shlex.split(command)[1:] + (["--set", "epochs=1"] if "train" in command else [])
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, (command, result.output)
    [found, *_] = [json.loads(line) for line in Path("run.jsonl").read_text("utf-8").splitlines()]
    assert {one["type"] for one in found["entities"]} <= {"chef", "place"}
