import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from tests.evals.simulation.ask_simulation import GOLD, HALF, TEXT, about, answer_text, question, send
from unco.evals.simulation import Profile, simulate
from unco.evals.simulation.profile import Chances, Losses
from unco.types import Box, GoldEntity, GoldPost, Span

ALL = ("corrected_entity", "corrected_type", "corrected_bounding_box")


def answers(url: str, *keys: str, entity: str = "Lee", times: int = 1) -> list[dict[str, Any]]:
    return [json.loads(answer_text(url, question(about(TEXT, entity), *keys, size=HALF)) or "") for _ in range(times)]


@pytest.mark.parametrize(
    ("entity", "words", "kind", "box"),
    [
        ("Lee", "Ann Lee", "PER", [10, 5, 40, 45]),
        ("the Blue Owls in", "Blue Owls", "ORG", None),
        ("Oslo", "New Oslo", "LOC", [50, 0, 100, 25]),  # a city is listed as a place; the first of its boxes
        (", of", ", of", "LOC", None),  # no entity: kept as it was asked
    ],
)
def test_all_three_attributes_at_once(entity: str, words: str, kind: str, box: list[int] | None) -> None:
    with simulate([GOLD], "gpt-4o") as simulation:
        asked = question(about(TEXT, entity, "LOC"), *ALL, size=HALF)
        found = json.loads(answer_text(simulation.url, asked) or "")
    assert list(found) == ["reasoning_process", *ALL]
    assert [found[key] for key in ALL] == [words, kind, box]


def test_only_what_is_asked_for_is_answered() -> None:
    with simulate([GOLD], "gemini") as simulation:
        bare = question(about(TEXT, "Lee"), "corrected_entity")
        bare["messages"][0]["content"] = 'Answer with {"corrected_entity": <words>}'
        assert json.loads(answer_text(simulation.url, bare) or "") == {"corrected_entity": "Ann Lee"}
        (region,) = answers(simulation.url, "candidate", "corrected_bounding_box")
        assert (region["candidate"], region["corrected_bounding_box"]) == (None, [100, 100, 900, 400])


def test_without_a_picture_there_is_no_box() -> None:
    with simulate([GOLD], "gemini") as simulation:
        found = json.loads(answer_text(simulation.url, question(about(TEXT, "Lee"), "corrected_bounding_box")) or "")
    assert found["corrected_bounding_box"] is None


def test_generating_and_recalling() -> None:
    example = "<post>\nan example\n</post>\n"
    with simulate([GOLD], "qwen3-vl") as simulation:
        post = f"{example}<post>\n{TEXT}\n</post>\n"
        generated = json.loads(answer_text(simulation.url, question(post, "entities", size=HALF)) or "")
        left = question(f"{post}<found>\n- Ann (PER)\n- the Blue Owls (ORG)\n</found>", "entities", size=HALF)
        recalled = json.loads(answer_text(simulation.url, left) or "")
    city = {"entity": "New Oslo", "type": "LOC", "bounding_box": [500, 0, 1000, 500]}
    assert [found["entity"] for found in generated["entities"]] == ["Ann Lee", "Blue Owls", "New Oslo"]
    assert generated["entities"][2] == city
    assert recalled["entities"] == [city]


def test_a_name_that_stands_twice_and_was_found_once_is_missed_once() -> None:
    twice = GoldPost("1", ("Ann", "and", "Ann"), tuple(GoldEntity(Span(at, at + 1), "PER", ()) for at in (0, 2)), None)
    with simulate([twice], "qwen3-vl") as simulation:
        left = question("<post>\nAnn and Ann\n</post>\n<found>\n- Ann (PER)\n</found>", "entities")
        assert len(json.loads(answer_text(simulation.url, left) or "")["entities"]) == 1


def test_of_two_posts_with_one_text_the_picture_tells() -> None:
    tall = GoldPost("2", GOLD.tokens, (GoldEntity(Span(0, 2), "PER", (Box(0, 0, 50, 100),)),), (100, 200))
    with simulate([GOLD, tall], "gpt-4o") as simulation:
        asked = question(about(TEXT, "Lee"), "corrected_bounding_box", size=(50, 100))
        assert json.loads(answer_text(simulation.url, asked) or "")["corrected_bounding_box"] == [0, 0, 25, 50]


def test_plausible_errors() -> None:
    wrong = Profile(right=Chances(span=0, type=0, region=0))
    with simulate([GOLD], "gpt-4o", wrong) as simulation:
        found = answers(simulation.url, *ALL, times=40)
    assert {answer["corrected_entity"] for answer in found} == {"Ann Lee ,", "Lee", "Ann"}
    assert {answer["corrected_type"] for answer in found} == {"ORG", "LOC"}
    boxes = [answer["corrected_bounding_box"] for answer in found]
    assert 4 <= boxes.count(None) <= 20  # three in ten
    assert all(Box(*box).iou(Box(10, 5, 40, 45)) < 0.5 for box in boxes if box)


def test_hallucinations() -> None:
    dreaming = Profile(hallucination=Chances(span=1, type=1, region=1))
    with simulate([GOLD], "gpt-4o", dreaming) as simulation:
        (found,) = answers(simulation.url, *ALL, entity="Owls")
        generated = json.loads(answer_text(simulation.url, question(f"<post>{TEXT}</post>", "entities")) or "")
    assert found["corrected_entity"] not in TEXT
    assert found["corrected_type"] not in ("PER", "ORG", "LOC")
    assert found["corrected_bounding_box"] is not None
    assert len(generated["entities"]) == 4


def test_noise_moves_corners_and_stays_in_the_picture() -> None:
    with simulate([GOLD], "moondream", Profile(box_noise=0.1)) as simulation:
        boxes = [Box(*a["corrected_bounding_box"]) for a in answers(simulation.url, *ALL, entity="Oslo", times=30)]
    ious = [box.iou(Box(0.5, 0, 1, 0.5)) for box in boxes]
    assert 0.6 < sum(ious) / len(ious) < 0.95
    assert all(0 <= box.x1 < box.x2 <= 1 and 0 <= box.y1 < box.y2 <= 1 for box in boxes)


def test_chances_are_met() -> None:
    with simulate([GOLD], "gpt-4o", Profile(right=Chances(span=0.7, type=1, region=1))) as simulation:
        found = answers(simulation.url, "corrected_entity", times=300)
    right = sum(answer["corrected_entity"] == "Ann Lee" for answer in found) / 300
    assert right == pytest.approx(0.7, abs=0.08)  # three standard errors


ERRING = Profile(right=Chances(span=0.5, type=0.5, region=0.5), box_noise=0.2, malformed={"fenced": 0.3, "prose": 0.3})


def test_equal_questions_get_the_same_answers_in_any_order_and_from_any_thread() -> None:
    asked = [question(about(TEXT, entity), *ALL, size=HALF) for entity in ("Ann", "Owls", "Oslo")] * 4

    def run(seed: int, order: list[int], threads: int) -> list[list[str]]:
        with simulate([GOLD], "gemini", ERRING, seed) as simulation, ThreadPoolExecutor(threads) as pool:
            texts = list(pool.map(lambda index: answer_text(simulation.url, asked[index]) or "", order))
        return [sorted(text for text, index in zip(texts, order, strict=True) if index % 3 == n) for n in range(3)]

    forward = list(range(len(asked)))
    first = run(1, forward, 1)
    assert first == run(1, forward[::-1], 1) == run(1, forward, 6)
    assert first != run(2, forward, 1)
    assert all(len(set(texts)) > 1 for texts in first)  # asked again, it is asked anew


def test_usage_grows_with_text_and_picture() -> None:
    with simulate([GOLD], "qwen2.5-vl") as simulation:
        sizes = [None, (280, 280), (560, 560), (2800, 2800)]
        usage = [send(simulation.url, question(about(TEXT, "Lee"), *ALL, size=size))[2]["usage"] for size in sizes]
    tokens = [used["prompt_tokens"] for used in usage]
    assert [later - earlier for earlier, later in pairwise(tokens)] == [100, 300, 1225 - 400]  # at most 35 x 35 x 784
    assert all(used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"] for used in usage)


def test_a_prompt_that_leaves_something_out_loses_right_answers() -> None:
    less_accurate = Profile(without_reasoning=1.0)
    with simulate([GOLD], "gpt-4o", less_accurate) as simulation:
        bare = question(about(TEXT, "Lee"), "corrected_entity")
        assert answers(simulation.url, "corrected_entity")[0]["corrected_entity"] == "Ann Lee"
        bare["messages"][0]["content"] = 'Answer with {"corrected_entity": <words>}'
        assert json.loads(answer_text(simulation.url, bare) or "")["corrected_entity"] != "Ann Lee"
    with simulate([GOLD], "gpt-4o", Profile(without_uncertainty=1.0)) as simulation:
        with_uncertainty = question(about(TEXT, "Lee") + "Uncertainty of its words: 0.7\n", "corrected_entity")
        assert json.loads(answer_text(simulation.url, with_uncertainty) or "")["corrected_entity"] == "Ann Lee"
        assert answers(simulation.url, "corrected_entity")[0]["corrected_entity"] != "Ann Lee"


def test_what_both_leave_out_adds_up() -> None:
    profile = Profile(right=Chances(span=0.8, type=0.5, region=1.0)).less_accurate(
        Losses(span=0.25, type=0.25, region=0.25)
    )
    assert profile.right.model_dump() == pytest.approx({"span": 0.6, "type": 0.375, "region": 0.75})
