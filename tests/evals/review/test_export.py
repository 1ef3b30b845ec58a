"""Runs for other tools: COCO, CoNLL, official JSON, and the queue of what a person should look at."""

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from tests.command_line import exit_code
from tests.scripted import ANN, ARBOR, OWLS, TOKENS, ScriptedLlm, doubt, drawing, graph_of, says, spoken
from unco.errors import DataError, SettingsError
from unco.evals.formats.coco import gold_to_coco, predictions_to_coco
from unco.evals.formats.detect_format import read_gold, read_predictions
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.formats.prediction_lines import predicted_of, write_prediction_lines
from unco.evals.formats.results import read_results
from unco.evals.report.run import write_report
from unco.evals.review.export import export_queue, export_run
from unco.evals.review.queue import review_queue
from unco.state import RESULT, read_result
from unco.types import Box, GoldEntity, GoldPost, Result, Span, Uncertainty

BOX = Box(10, 20, 60, 100)
TYPES = ("PER", "LOC", "ORG", "OTHER")
GOLD = [GoldPost("a", ("Ann", "met", "Bo"), (
    GoldEntity(Span(0, 1), "PER", (BOX, Box(0, 0, 5, 5))), GoldEntity(Span(2, 3), "ORG", ())), (200, 100))]  # fmt: skip
RUN = [PredictedPost("a", (
    Predicted(Span(0, 1), "PER", BOX, Uncertainty(0.1, 0.2, 0.25)), Predicted(Span(2, 3), "ORG", None)),
    ("Ann", "met", "Bo"), size=(200, 100))]  # fmt: skip


@pytest.fixture
def result(tmp_path: Path) -> Result:
    """Ann's type is corrected, the answer about the Owls' words cannot be true, Arbor is sure."""
    llm = ScriptedLlm(
        {("type", "Ann"): spoken(corrected_type="PER"), ("span", "Blue Owls"): spoken(corrected_entity="Zyx")}
    )
    small_model = says(
        (ANN, "ORG", None, doubt("type")), (OWLS, "ORG", None, doubt("span")), (ARBOR, "LOC", None, doubt())
    )
    return read_result(
        graph_of(small_model, llm).invoke({"text": " ".join(TOKENS), "image": drawing(tmp_path), "id": "p1"})
    )


FAILED = '{"id": "7", "post": 7, "error": {"type": "PictureError", "message": "no such file"}}\n'


def write_results(path: Path, *results: Result) -> Path:
    path.write_bytes(b"".join(RESULT.dump_json(one) + b"\n" for one in results))
    return path


def test_coco_has_a_box_for_each_and_loses_no_entity() -> None:
    data = predictions_to_coco(RUN, TYPES)
    assert data["images"] == [
        {"id": 1, "file_name": "a.jpg", "width": 200, "height": 100, "text": "Ann met Bo", "without_box": [
            {"type": "ORG", "text": "Bo", "start": 2, "stop": 3}]},
    ]  # fmt: skip
    assert data["categories"] == [{"id": number, "name": name} for number, name in enumerate(TYPES, start=1)]
    assert data["licenses"] == []
    assert data["info"]["version"]
    (annotation,) = data["annotations"]
    assert annotation["bbox"] == [10, 20, 50, 80]
    assert (annotation["area"], annotation["iscrowd"], annotation["score"]) == (4000, 0, 0.75)
    assert (annotation["image_id"], annotation["category_id"]) == (1, 1)
    assert annotation["attributes"]["region_uncertainty"] == 0.25
    gold = gold_to_coco(GOLD, TYPES)
    assert [one["bbox"] for one in gold["annotations"]] == [[10, 20, 50, 80], [0, 0, 5, 5]]
    assert [one["id"] for one in gold["annotations"]] == [1, 2]
    assert "score" not in gold["annotations"][0]


def test_an_image_of_coco_is_named_as_the_run_named_its_picture(result: Result) -> None:
    seen = result.seen_picture
    assert seen is not None
    for ref, name in (("photos/one 1.png", "photos/one 1.png"), ("data:sha256,00", "7.jpg")):
        post = predicted_of(replace(result, id="7", picture=replace(seen, ref=ref)))
        assert predictions_to_coco([post], TYPES)["images"][0]["file_name"] == name


def test_coco_needs_sizes_and_tokens() -> None:
    with pytest.raises(DataError, match="no picture size"):
        predictions_to_coco([PredictedPost("a", RUN[0].entities, ("Ann", "met", "Bo"))], TYPES)
    with pytest.raises(DataError, match="'a' has no tokens: name the gold posts"):
        predictions_to_coco([PredictedPost("a", ())], TYPES)


def categories(posts: list[PredictedPost], folder: Path, gold: list[GoldPost] | None = None) -> dict[str, int]:
    """Export a run as COCO, and return the numbers of the categories that its annotations have, by name."""
    write_prediction_lines(posts, folder / "run.jsonl")
    export_run(folder / "run.jsonl", "coco", folder / "coco.json", gold or GOLD)
    data = json.loads((folder / "coco.json").read_text("utf-8"))
    names = {one["id"]: one["name"] for one in data["categories"]}
    assert len(names) == len(data["categories"])
    assert all("score" in one for one in data["annotations"]), "pycocotools sorts by it"
    return {names[one["category_id"]]: one["category_id"] for one in data["annotations"]}


@pytest.mark.parametrize(
    ("kind", "another", "number"),
    [("ORG", "PER", 3), ("athlete", "band", 4), ("person", "building", 1), ("dragon", "castle", None)],
)
def test_a_category_has_the_same_number_in_every_run(
    kind: str, another: str, number: int | None, tmp_path: Path
) -> None:
    one, two = Predicted(Span(0, 1), kind, BOX), Predicted(Span(2, 3), another, BOX)
    alone = categories([PredictedPost("a", (one,), ("Ann", "met", "Bo"))], tmp_path)
    both = categories([PredictedPost("a", (two, one), ("Ann", "met", "Bo"))], tmp_path)
    assert alone[kind] == both[kind] != both[another]
    assert number in (None, alone[kind])


def test_two_runs_as_coco_are_scored_against_each_other(tmp_path: Path) -> None:
    """As pycocotools does it: images, categories and boxes are matched by number."""
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    for name in ("one", "other"):
        categories(RUN, tmp_path)
        (tmp_path / "coco.json").rename(tmp_path / f"{name}.json")
    first = coco.COCO(str(tmp_path / "one.json"))
    second = first.loadRes(json.loads((tmp_path / "other.json").read_text("utf-8"))["annotations"])
    found = evaluation.COCOeval(first, second, "bbox")
    found.evaluate()
    found.accumulate()
    found.summarize()
    assert found.stats[0] == pytest.approx(1.0)


def test_a_run_goes_into_every_format(tmp_path: Path) -> None:
    write_prediction_lines(RUN, tmp_path / "run.jsonl")
    for form, name in (
        ("label-studio", "tasks.json"),
        ("coco", "coco.json"),
        ("official", "o.json"),
        ("jsonl", "p.jsonl"),
    ):
        assert len(export_run(tmp_path / "run.jsonl", form, tmp_path / name, GOLD)) == 1
    export_run(tmp_path / "run.jsonl", "conll", tmp_path / "conll", GOLD)
    assert (tmp_path / "tasks.xml").read_text().startswith("<View>")
    assert 'value="LOC"' in (tmp_path / "tasks.xml").read_text(), "a type of the scheme that was not predicted"
    assert read_predictions(tmp_path / "o.json")[0].entities[0].region == BOX
    assert read_predictions(tmp_path / "p.jsonl")[0].entities == RUN[0].entities
    (post,) = read_gold(tmp_path / "conll", "predicted")
    assert post.entities == (GoldEntity(Span(0, 1), "PER", (BOX,)), GoldEntity(Span(2, 3), "ORG", ()))
    with pytest.raises(SettingsError, match="no format 'pdf': choose csv, label-studio"):
        export_run(tmp_path / "run.jsonl", "pdf", tmp_path / "x", GOLD)
    with pytest.raises(DataError, match="no picture size"):
        export_run(tmp_path / "run.jsonl", "coco", tmp_path / "x")


def test_the_queue_holds_what_is_still_uncertain(result: Result) -> None:
    (queued,) = review_queue([result])
    assert [(item.entity, item.attribute, item.reason) for item in queued.items] == [
        (1, "span", "unresolved"),
        (0, "type", "disputed"),
    ]
    assert queued.items[0].note.startswith("span of 'Blue Owls': unresolved ('Zyx' does not stand in the post")


def test_the_most_uncertain_post_comes_first_and_sure_ones_not_at_all(result: Result) -> None:
    sure = replace(result, id="sure", entities=result.entities[2:])
    disputed = replace(result, id="disputed", entities=result.entities[:1])
    assert [one.result.id for one in review_queue([sure, disputed, result])] == ["p1", "disputed"]


def test_the_queue_as_tasks(result: Result, tmp_path: Path) -> None:
    run = write_results(tmp_path / "run.jsonl", result)
    assert export_queue(run, tmp_path / "queue.json", image="/data/{id}.png") == 1
    (task,) = json.loads((tmp_path / "queue.json").read_text())
    assert task["data"]["image"] == "/data/p1.png"
    assert "unresolved" in task["data"]["review"]
    assert "disputed" in task["predictions"][0]["result"][0]["meta"]["text"][0]
    assert export_queue(run, tmp_path / "queue.json", most=0) == 0


def test_a_run_without_any_id_is_numbered(result: Result, tmp_path: Path) -> None:
    nameless = replace(result, id=None)
    run = write_results(tmp_path / "run.jsonl", replace(nameless, entities=()), nameless)
    assert export_queue(run, tmp_path / "queue.json") == 1
    (task,) = json.loads((tmp_path / "queue.json").read_text())
    assert task["data"]["id"] == "2"
    for form in ("label-studio", "conll", "official", "jsonl"):
        assert [post.id for post in export_run(run, form, tmp_path / form)] == ["1", "2"]
    some = write_results(tmp_path / "some.jsonl", result, nameless)
    clash = write_results(tmp_path / "clash.jsonl", replace(result, id="2"), nameless)
    for form in ("csv", "label-studio", "conll", "official", "jsonl"):
        assert [post.id for post in export_run(some, form, tmp_path / form)] == ["p1", "2"]
        with pytest.raises(DataError, match="a post has no id, and its number is another's"):
            export_run(clash, form, tmp_path / form)


def test_posts_keep_their_numbers_where_others_are_left_out(result: Result, tmp_path: Path) -> None:
    run = write_results(tmp_path / "run.jsonl", replace(result, id=None))
    run.write_text(FAILED + run.read_text() + FAILED + run.read_text())
    told = list[str]()
    assert [one.id for one in read_results(run, told.append)] == ["2", "4"]
    assert [one.id for one in read_predictions(run, told.append)] == ["2", "4"]


def test_a_run_cut_off_in_a_line_is_named(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(RESULT.dump_json(result) + b"\n" + RESULT.dump_json(result)[:100])
    with pytest.raises(DataError, match=r"run\.jsonl:2: cut off in the middle"):
        read_results(path)
    path.write_text('{"text": "a"}\n')
    with pytest.raises(DataError, match=r"run\.jsonl:1: not a result"):
        read_results(path)
    with pytest.raises(DataError, match="stands twice"):
        read_results(write_results(path, result, result))
    path.write_text(FAILED)
    for reader in (read_results, read_predictions):
        with pytest.raises(DataError, match=r"run\.jsonl:1: this post could not be run: no such file"):
            reader(path)


def test_the_commands(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(write_results(tmp_path / "run.jsonl", result))
    monkeypatch.chdir(tmp_path)

    def unco(*arguments: str) -> tuple[int, str]:
        return exit_code(monkeypatch, *arguments), capsys.readouterr().out

    assert unco("export", run, "--to", "label-studio", "-o", "tasks.json") == (0, "1 posts in tasks.json\n")
    code, run_text = unco("review-queue", run, "-o", "queue.json")
    assert (code, run_text) == (0, "1 posts to look at in queue.json; labelling config in queue.xml\n")
    tasks = json.loads(Path("tasks.json").read_text())
    done = tasks[0] | {"annotations": [{"result": tasks[0]["predictions"][0]["result"]}]}
    other = {"data": {**tasks[0]["data"], "id": "p2"}, "annotations": []}
    Path("export.json").write_text(json.dumps([done, other]))
    code, run_text = unco("import-review", "export.json", "-o", "gold.jsonl")
    assert (code, run_text) == (0, "1 reviewed posts in gold.jsonl\nnot reviewed: 1, the first is 'p2'\n")
    (gold,) = read_gold(Path("gold.jsonl"))
    assert [(e.span, e.type) for e in gold.entities] == [(e.span, e.type) for e in predicted_of(result).entities]


def test_posts_that_could_not_be_run_are_left_out_and_told_where_nothing_is_scored(
    result: Result, tmp_path: Path
) -> None:
    told = list[str]()
    run = write_results(tmp_path / "run.jsonl", result)
    run.write_text(FAILED + run.read_text() + FAILED.replace("7", "9"))
    assert read_results(run, told.append) == [result]
    assert len(read_predictions(run, told.append)) == 1
    assert export_queue(run, tmp_path / "tasks.json", tell=told.append) == 1
    assert len(export_run(run, "coco", tmp_path / "coco.json", tell=told.append)) == 1
    assert write_report(run, tmp_path / "report.html", tell=told.append) == 1
    line = f"2 of 3 posts could not be run and are left out; the first is {run}:1: no such file"
    assert told == [line] * 5
    with pytest.raises(DataError, match="this post could not be run"):
        write_report(run, tmp_path / "report.html", gold=[])
    run.write_text(FAILED)
    with pytest.raises(DataError, match=r"none of the posts could be run; the first is .*run\.jsonl:1: no such file"):
        read_results(run, told.append)


def test_a_table_for_spreadsheets_has_all_posts_and_computes_nothing(tmp_path: Path) -> None:
    unsure = Uncertainty(0.12345, 0.5, 1.0)
    posts = [
        PredictedPost(
            "=1+1",
            (Predicted(Span(1, 2), "PER", Box(1, 2, 30, 40), unsure, (Box(1, 2, 30, 40), Box(50, 2, 80, 40))),),
            ("-met", 'Ann, "ä"'),
            dropped=(Predicted(Span(0, 1), "ORG", None),),
        ),
        PredictedPost("b", (), ("nothing\nhere",)),
        PredictedPost("\uff1d1", (), ("\uff20SUM", "\uff0b1")),
    ]
    path = tmp_path / "run.jsonl"
    write_prediction_lines(posts, path)
    export_run(path, "csv", tmp_path / "run.csv")
    raw = (tmp_path / "run.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid,text,entity,type,start,stop,x1,")
    rows = list(csv.DictReader(StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [(row["id"], row["entity"], row["dropped"]) for row in rows] == [
        ("'=1+1", "'-met", "1"),
        ("'=1+1", 'Ann, "ä"', "0"),
        ("b", "", ""),
        ("'\uff1d1", "", ""),
    ]
    assert rows[3]["text"] == "'\uff20SUM \uff0b1"
    ann = rows[1]
    assert (ann["x1"], ann["y2"], ann["boxes"], ann["span_uncertainty"]) == ("1.0", "40.0", "2", "0.1235")
    assert rows[2]["text"] == "nothing\nhere"
