"""Tasks for Label Studio and reviews from it: the same posts there and back, in percent and in characters."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evals.made_posts import NAMES, gold_posts
from unco.errors import DataError
from unco.evals.formats.label_studio import labelling_config, to_task
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost
from unco.evals.review.label_studio_import import read_review
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty

TOKENS = ("😀", "Ann", "Lee", "met", "Bo")
ANN = Predicted(Span(1, 3), "PER", Box(20, 10, 120, 60), Uncertainty(0.1, 0.5, 0.25))
BO = Predicted(Span(4, 5), "ORG", None)
POST = PredictedPost("17", (ANN, BO), TOKENS, size=(200, 100))


def reviewed(tmp_path: Path, *results: dict[str, Any], data: dict[str, Any] | None = None, **task: Any) -> Path:
    """An export of one task, annotated with these results."""
    path = tmp_path / "export.json"
    own = data or to_task(POST, "17.jpg")["data"]
    path.write_text(json.dumps([{"id": 1, "data": own, "annotations": [{"result": list(results)}], **task}]))
    return path


def span(name: str, start: int, end: int, kind: str = "PER") -> dict[str, Any]:
    return {"id": name, "type": "labels", "value": {"start": start, "end": end, "labels": [kind]}}


def box(name: str, x: float, **value: float) -> dict[str, Any]:
    return {
        "id": name, "type": "rectanglelabels", "original_width": 200, "original_height": 100,
        "value": {"x": x, "y": 10, "width": 50, "height": 50, "rectanglelabels": ["PER"], **value},
    }  # fmt: skip


def link(one: str, other: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": one, "to_id": other, "direction": "right"}


def test_a_task_holds_spans_boxes_and_their_link() -> None:
    task = to_task(POST, "/data/17.jpg", "tiny", {1: "look here"})
    (prediction,) = task["predictions"]
    ann, region, relation, bo = prediction["result"]
    assert task["data"] == {
        "id": "17", "text": "😀 Ann Lee met Bo", "tokens": list(TOKENS), "image": "/data/17.jpg", "width": 200,
        "height": 100, "review": "look here",
    }  # fmt: skip
    assert ann["value"] == {"start": 2, "end": 9, "text": "Ann Lee", "labels": ["PER"]}, "code points: an emoji is one"
    assert task["data"]["text"][2:9] == "Ann Lee"
    assert ann["meta"] == {"text": ["uncertainty: span 0.10, type 0.50, region 0.25"]}
    assert region["value"] == {
        "x": 10, "y": 10, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": ["PER"],
    }  # fmt: skip
    assert (region["original_width"], region["original_height"]) == (200, 100)
    assert (relation["from_id"], relation["to_id"], relation["labels"]) == (ann["id"], region["id"], ["is here"])
    assert bo["meta"] == {"text": ["look here"]}
    assert (prediction["model_version"], prediction["score"]) == ("tiny", 0.5)


def test_an_answer_that_is_no_box_has_none() -> None:
    task = to_task(PredictedPost("1", (Predicted(Span(0, 1), "PER", NOWHERE),), ("Ann",)), "1.jpg")
    assert [one["type"] for one in task["predictions"][0]["result"]] == ["labels"]


@pytest.mark.parametrize(
    ("post", "message"),
    [
        (PredictedPost(None, (), ("a",)), "a post has no id"),
        (PredictedPost("1", (), None), "'1' has no tokens"),
        (PredictedPost("1", (ANN,), TOKENS), "no picture size"),
    ],
)
def test_what_a_task_needs_is_named(post: PredictedPost, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_task(post, "1.jpg")


def test_the_config_is_xml_with_all_types_whatever_they_are_called() -> None:
    root = ElementTree.fromstring(labelling_config(['a"b', "<PER>", "LOC"]))
    assert [label.get("value") for label in root.findall("./Labels/Label")] == ["<PER>", "LOC", 'a"b']
    names = {child.get("name") for child in root}
    assert {"entity", "text", "region", "image"} <= names


@given(posts=st.lists(gold_posts(NAMES), min_size=1, max_size=1))
def test_what_is_accepted_unchanged_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, posts: list[list[GoldPost]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("review")
    tasks, wanted = [], []
    for post in posts[0]:
        entities = tuple(Predicted(e.span, e.type, e.boxes[0] if e.boxes else None) for e in post.entities)
        predicted = PredictedPost(post.id, entities, post.tokens, size=post.size)
        task = to_task(predicted, "x.jpg")
        tasks.append(task | {"annotations": [{"result": task["predictions"][0]["result"]}]})
        wanted.append([(e.span, e.type, e.region) for e in entities])
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    back = read_review(tmp_path / "export.json")
    assert back.left == ()
    for post, accepted in zip(back.gold, wanted, strict=True):
        assert [(e.span, e.type) for e in post.entities] == sorted(
            ((s, k) for s, k, _ in accepted), key=lambda e: e[0].start
        )
        for entity, (_, _, region) in zip(post.entities, sorted(accepted, key=lambda e: e[0].start), strict=True):
            assert (region is None) == (not entity.boxes)
            if region is not None:
                assert region.iou(entity.boxes[0]) > 0.99


POLYGON = {"id": "p", "type": "polygonlabels", "value": {"points": [[1, 2], [3, 4], [5, 1]], "polygonlabels": ["PER"]}}


def test_what_a_person_says_about_a_mark_is_no_mark(tmp_path: Path) -> None:
    about_a_mark = [{**span("s", 2, 5), "type": kind} for kind in ("textarea", "choices", "rating")]
    about_the_post = {"id": "c", "type": "choices", "value": {"choices": ["fine"]}}
    (post,) = read_review(reviewed(tmp_path, *about_a_mark, span("s", 2, 5), about_the_post)).gold
    assert [entity.span for entity in post.entities] == [Span(1, 2)]


def test_links_either_way_several_boxes_and_halves_of_words(tmp_path: Path) -> None:
    path = reviewed(
        tmp_path, span("s", 3, 8), span("t", 14, 16, "ORG"), box("a", 10), box("b", 20),
        link("s", "a"), link("b", "s"), link("t", "a"),
    )  # fmt: skip
    (post,) = read_review(path).gold
    first, second = Box(20, 10, 120, 60), Box(40, 10, 140, 60)
    assert post == GoldPost(
        "17",
        TOKENS,
        (GoldEntity(Span(1, 3), "PER", (first, second)), GoldEntity(Span(4, 5), "ORG", (first,))),
        (200, 100),
    )


def test_spaces_around_a_mark_are_no_part_of_it(tmp_path: Path) -> None:
    (post,) = read_review(reviewed(tmp_path, span("s", 1, 6))).gold
    assert post.entities[0].span == Span(1, 2)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([box("a", 10)], r"no entity is linked to the box 'a'"),
        ([span("s", 1, 2)], "characters 1 to 2 of the text are ' '"),
        ([span("s", 40, 44)], "characters 40 to 44 of the text are ''"),
        (
            [{**span("s", 2, 5), "value": {"start": 2, "end": 5, "text": "Bo", "labels": ["PER"]}}],
            "are 'Ann', not 'Bo'",
        ),
        ([{**span("s", 2, 5), "value": {"start": 2, "end": 5, "labels": ["PER", "ORG"]}}], "an entity has one type"),
        ([box("a", 10, rotation=30)], "is rotated"),
        ([box("a", 10, width=0)], "a: "),
        ([POLYGON], "marked as polygonlabels"),
        ([{**span("s", 2, 5), "type": "hypertextlabels"}], "marked as hypertextlabels"),
        ([{**box("a", 10), "type": "rectangle"}], "marked as rectangle"),
        ([{**POLYGON, "type": "brushlabels", "value": {"format": "rle", "rle": [0, 1]}}], "marked as brushlabels"),
        ([{"type": "labels"}], "not a task of ours, annotated: KeyError: 'id'"),
        ([span("s", 2, 5), span("t", 2, 5)], "stands there before"),
    ],
)
def test_what_cannot_be_gold_is_named_by_its_task(tmp_path: Path, results: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(DataError, match=message) as fault:
        read_review(reviewed(tmp_path, *results))
    assert "export.json" in str(fault.value)


@pytest.mark.parametrize("task", ["{}", "[1]", '{"data": {"text": "Ann met Bo"}, "annotations": [{"result": []}]}'])
def test_a_task_that_another_tool_made_is_named(task: str, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(f"[{task}]")
    with pytest.raises(DataError, match=r"export.json: tasks\[0\] has no `data` with the `id` and `tokens`"):
        read_review(tmp_path / "export.json")


def test_a_picture_that_was_turned_is_refused(tmp_path: Path) -> None:
    turned = reviewed(tmp_path, span("s", 2, 5), {**box("a", 10), "image_rotation": 90}, link("s", "a"))
    with pytest.raises(DataError, match="turned by 90 degrees in Label Studio.*turn the picture back"):
        read_review(turned)


def test_offsets_in_utf_16_units_are_known_by_the_words_that_they_mark(tmp_path: Path) -> None:
    def marked(name: str, start: int, words: str) -> dict[str, Any]:
        value = {"start": start, "end": start + len(words), "text": words, "labels": ["PER"]}
        return {"id": name, "type": "labels", "value": value}

    (post,) = read_review(reviewed(tmp_path, marked("s", 3, "Ann Lee"), marked("t", 15, "Bo"))).gold
    assert [entity.span for entity in post.entities] == [Span(1, 3), Span(4, 5)]
    with pytest.raises(DataError, match="are 'nn Lee ', not 'Ann Lee'; nor .* UTF-16 units"):
        read_review(reviewed(tmp_path, marked("s", 3, "Ann Lee"), marked("t", 14, "Bo")))


def test_tasks_without_an_annotation_are_told_apart(tmp_path: Path) -> None:
    skipped = reviewed(tmp_path, annotations=[{"was_cancelled": True, "result": []}])
    assert read_review(skipped) == type(read_review(skipped))((), ("17",))
    (tmp_path / "export.json").write_text('{"tasks": []}')
    with pytest.raises(DataError, match="not a list of tasks"):
        read_review(tmp_path / "export.json")


def test_the_last_annotation_counts(tmp_path: Path) -> None:
    both = [{"result": []}, {"result": [span("s", 2, 5)]}, {"result": [], "was_cancelled": True}]
    (post,) = read_review(reviewed(tmp_path, annotations=both)).gold
    assert [entity.span for entity in post.entities] == [Span(1, 2)]
