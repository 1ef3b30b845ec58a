"""Whatever is written reads back equal, in every format, on any posts and on the real ones."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.evals.made_posts import NAMES, gold_posts, predictions, without_sizes
from tests.tiny import gold_post
from tests.training.made_data import write_data
from unco.errors import DataError
from unco.evals import score
from unco.evals.evaluate.evaluate import evaluate_run
from unco.evals.formats.conll_voc import read_folder, write_folder
from unco.evals.formats.detect_format import read_gold, read_names, read_predictions
from unco.evals.formats.gold_lines import read_gold_lines, write_gold_lines
from unco.evals.formats.official_json import (
    read_official_predictions,
    write_official_gold,
    write_official_predictions,
)
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost
from unco.evals.formats.prediction_lines import read_prediction_lines, write_prediction_lines
from unco.evals.simulation.gold import read_gold as read_simulation_gold
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty

REAL = [("twitter-gmner", None), ("twitter-gmner-v1", None), ("twitter-fmnerg", "twitter-gmner")]
any_times = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@any_times
@given(gold_posts())
def test_gold_survives_json_lines(tmp_path: Path, posts: list[GoldPost]) -> None:
    path = tmp_path / "gold.jsonl"
    write_gold_lines(posts, path)
    assert (read_gold_lines(path) if posts else []) == posts


@any_times
@given(predictions())
def test_predictions_survive_json_lines(tmp_path: Path, posts: list[PredictedPost]) -> None:
    path = tmp_path / "predictions.jsonl"
    write_prediction_lines(posts, path)
    assert (read_predictions(path) if posts else []) == posts


@any_times
@given(gold_posts())
def test_gold_survives_the_official_json(tmp_path: Path, posts: list[GoldPost]) -> None:
    path = tmp_path / "gold.json"
    write_official_gold(posts, path)
    assert read_gold(path) == without_sizes(posts)


@any_times
@given(predictions())
def test_predictions_survive_the_official_json(tmp_path: Path, posts: list[PredictedPost]) -> None:
    path = tmp_path / "predictions.json"
    write_official_predictions(posts, path)
    assert read_predictions(path) == posts


@any_times
@given(gold_posts(NAMES))
def test_gold_survives_conll_and_voc(tmp_path_factory: pytest.TempPathFactory, posts: list[GoldPost]) -> None:
    folder = tmp_path_factory.mktemp("data")
    write_folder(posts, folder, "dev")
    assert read_folder(folder, "dev") == posts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "boxes", "split"),
    [*((*data, split) for data in REAL for split in ("dev", "test")), (*REAL[-1], "train")],
)
def test_real_data_survives_all_formats(name: str, boxes: str | None, split: str, shared: Path, tmp_path: Path) -> None:
    posts = read_gold(shared / "data" / name, split, shared / "data" / boxes / "xml" if boxes else None)
    assert len(posts) in (7000, 1500)
    write_folder(posts, tmp_path, split)
    assert read_gold(tmp_path, split) == posts
    write_gold_lines(posts, tmp_path / "gold.jsonl")
    assert read_gold(tmp_path / "gold.jsonl") == posts
    write_official_gold(posts, tmp_path / "gold.json")
    assert read_gold(tmp_path / "gold.json") == without_sizes(posts)


def test_the_official_files_say_what_the_published_evaluator_reads(tmp_path: Path) -> None:
    ann = GoldEntity(Span(0, 2), "PER", (Box(1, 2, 3, 4), Box(5, 6, 7.5, 8)))
    oscar = GoldEntity(Span(3, 4), "OTHER", ())
    post = GoldPost("17", ("Ann", "Lee", "won", "Oscar"), (ann, oscar), None)
    write_official_gold([post], tmp_path / "gold.json")
    assert json.loads((tmp_path / "gold.json").read_text("utf-8")) == [
        {
            "tokens": ["Ann", "Lee", "won", "Oscar"],
            "image_id": "17.jpg",
            "gt_entities": [
                {"start": 0, "end": 1, "entity_type": "PER", "phrase": "Ann Lee", "region_box": [1, 2, 3, 4]},
                {"start": 0, "end": 1, "entity_type": "PER", "phrase": "Ann Lee", "region_box": [5, 6, 7.5, 8]},
                {"start": 3, "end": 3, "entity_type": "MISC", "phrase": "Oscar", "region_box": []},
            ],
        }
    ]


def test_the_rules_of_the_published_evaluator_for_regions_and_types(tmp_path: Path) -> None:
    rows = [
        {"start": 0, "end": 0, "entity_type": "MISC"},
        {"start": 1, "end": 1, "entity_type": "PER", "region_box": []},
        {"start": 2, "end": 2, "entity_type": "OTHER", "region_box": [1, 2]},
        {"start": 3, "end": 3, "entity_type": "band", "region_box": [1, 2, 3, 4], "region": 2, "bpe_end_idx": 9},
    ]
    item = {"img_id": "17.jpg", "pre_entities": rows, "gt_entities": [{"any": "thing"}], "candidate_regions": []}
    (tmp_path / "said.json").write_text(json.dumps([item]), "utf-8")
    (post,) = read_predictions(tmp_path / "said.json")
    assert post == PredictedPost(
        "17",
        (
            Predicted(Span(0, 1), "OTHER", None),
            Predicted(Span(1, 2), "PER", None),
            Predicted(Span(2, 3), "MISC", NOWHERE),
            Predicted(Span(3, 4), "band", Box(1, 2, 3, 4)),
        ),
        None,
        (),
    )
    with pytest.raises(DataError, match=r"holds predictions, and its gt_entities are no gold boxes"):
        read_gold(tmp_path / "said.json")


@pytest.mark.parametrize(
    ("given", "region"),
    [
        (None, None),
        ([], None),
        ([3, 2, 1, 4], NOWHERE),
        ([1, 2, 3], NOWHERE),
        ([1, 2, 3, "4"], NOWHERE),
        ([1, 2, 3, None], NOWHERE),
        ([1, 2, 3, float("nan")], NOWHERE),
        ("1, 2, 3, 4", NOWHERE),
        ({"x1": 1}, NOWHERE),
        (True, NOWHERE),
        ([-30, 2, 3, 4], Box(-30, 2, 3, 4)),
        ([1, 2, 3000, 4], Box(1, 2, 3000, 4)),
    ],
)
def test_a_box_that_is_none_is_a_wrong_prediction_of_another_system(
    given: object, region: Box | None, tmp_path: Path
) -> None:
    row = {"start": 0, "end": 1, "entity_type": "PER", "region_box": given}
    good = {"start": 3, "end": 4, "entity_type": "ORG", "region_box": [1, 1, 2, 2]}
    (tmp_path / "said.json").write_text(json.dumps([{"img_id": "a", "pre_entities": [row, good]}]), "utf-8")
    gold, run = [gold_post("a")], read_predictions(tmp_path / "said.json")
    assert [entity.region for entity in run[0].entities] == [region, Box(1, 1, 2, 2)]
    notes = " ".join(evaluate_run(gold, run).notes)
    assert ("are no boxes and count as wrong; the first is of post 'a'" in notes) == (region == NOWHERE)
    assert ("leave their picture" in notes) == (region not in (None, NOWHERE))


def test_gold_of_either_dialect_is_read_by_all(tmp_path: Path) -> None:
    entities = [{"start": 0, "stop": 2, "type": "PER", "boxes": [[1, 2, 3, 4]]}]
    lines: list[dict[str, object]] = [{"text": "Ann  Lee won", "entities": entities, "width": 9, "height": 9}]
    lines.append({"id": "b", "tokens": ["Oslo"], "entities": []})
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    first, second = read_gold(path)
    assert (first.id, first.tokens) == (f"{path}:1", ("Ann", "Lee", "won"))
    assert second == GoldPost("b", ("Oslo",), (), None)
    assert read_simulation_gold(path) == [first, second]
    write_official_gold([first, second], tmp_path / "gold.json")
    assert [post.tokens for post in read_simulation_gold(tmp_path / "gold.json")] == [first.tokens, second.tokens]
    score_lines = [{"id": "a", "text": "Ann Lee won", "entities": entities}]
    said = [{"id": "a", "entities": [{"start": 0, "stop": 2, "type": "PER", "region": None}]}]
    assert score(score_lines, said)["schemes"]["gmner"]["tasks"]["MNER"]["f1"] == 1.0


@pytest.mark.parametrize("fine", [False, True])
def test_names_of_training_data_need_no_boxes(fine: bool, tmp_path: Path) -> None:
    shutil.rmtree(write_data(tmp_path / "data", fine) / "xml")
    assert read_names(tmp_path / "data") == {"Ann Lee", "Owls", "Paris", "Cup"}


def test_uncertainties_come_along(tmp_path: Path) -> None:
    post = PredictedPost("1", (Predicted(Span(0, 1), "PER", None, Uncertainty(0.1, 0.2, 0.3)),))
    write_official_predictions([post], tmp_path / "a.json")
    assert read_official_predictions(tmp_path / "a.json") == [post]
    write_prediction_lines([post], tmp_path / "a.jsonl")
    assert read_prediction_lines(tmp_path / "a.jsonl") == [post]


def test_fine_types_are_written_with_their_coarse_ones(tmp_path: Path) -> None:
    post = GoldPost("1", ("Ann", "Lee"), (GoldEntity(Span(0, 2), "actor", ()),), None)
    write_folder([post], tmp_path, "dev")
    assert (tmp_path / "txt" / "dev.txt").read_text("utf-8") == (
        "IMGID:1\nAnn\tB-person\tB-actor\nLee\tI-person\tI-actor\n\n"
    )


@pytest.mark.parametrize(
    ("entities", "size", "message"),
    [
        ((GoldEntity(Span(0, 2), "PER", ()), GoldEntity(Span(1, 3), "PER", ())), None, "overlap"),
        ((GoldEntity(Span(2, 3), "PER", ()), GoldEntity(Span(0, 1), "PER", ())), None, "not in the order"),
        ((GoldEntity(Span(0, 1), "PER", (Box(0, 0, 9, 9),)),), None, "no width and height"),
        (
            (GoldEntity(Span(0, 1), "PER", (Box(0, 0, 9, 9),)), GoldEntity(Span(3, 4), "PER", ())),
            (10, 10),
            "'Ann' stands twice with different boxes",
        ),
        ((GoldEntity(Span(1, 2), "PER", (Box(0, 0, 9, 9),)),), (10, 10), "XML cannot hold"),
        ((GoldEntity(Span(1, 2), "", ()),), None, "cannot be part of a tag"),
    ],
)
def test_what_conll_and_voc_cannot_hold_is_refused(
    entities: tuple[GoldEntity, ...], size: tuple[int, int] | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        write_folder([GoldPost("1", ("Ann", "\x07", "x", "Ann"), entities, size)], tmp_path, "dev")
    assert list(tmp_path.iterdir()) == []


def test_boxes_of_an_older_file_are_not_taken_over(tmp_path: Path) -> None:
    write_folder([gold_post("1")], tmp_path, "dev")
    with pytest.raises(DataError, match="it would get that file's boxes"):
        write_folder([GoldPost("1", ("hi",), (), None)], tmp_path, "test")
