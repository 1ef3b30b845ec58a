"""A recording is found again by its question, explains a miss, and says where it is broken."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unco.errors import DataError, RecordingMiss
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Reply, Request, SentPicture

REQUEST = Request(
    model="small-vl", system="You correct.", user="A concert in\u2028Oslo 🚀", prompt="span/v1", prompt_hash="ab" * 32
)
REPLY = Reply(text='{"corrected_entity": "Oslo"}', finish_reason="stop", model="served", seconds=0.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "asked.jsonl"


def test_what_is_added_is_found_by_the_same_and_by_another(path: Path) -> None:
    recording = Recording(path)
    recording.add(REQUEST, REPLY)
    assert recording.find(REQUEST) == replace(REPLY, cached=True)
    assert Recording(path).find(replace(REQUEST, prompt="", prompt_hash="")) == replace(REPLY, cached=True)


def test_a_line_can_be_read_by_people(path: Path) -> None:
    Recording(path).add(replace(REQUEST, picture=SentPicture("image/png", "cd" * 32, b"PNG")), REPLY)
    text = path.read_text(encoding="utf-8")
    record = json.loads(text)
    assert text.count("\n") == 1
    assert "Oslo 🚀" in text
    assert list(record) == ["prompt", "prompt_hash", "request", "reply"]
    assert record["request"]["picture"] == {"mime": "image/png", "sha256": "cd" * 32}


def test_lines_are_only_ever_added_and_of_the_same_question_the_last_counts(path: Path) -> None:
    recording = Recording(path)
    others = [replace(REQUEST, user=city) for city in ("Bergen", "Tromsø")]
    for request in (REQUEST, *others):
        recording.add(request, REPLY)
    Recording(path).add(others[0], replace(REPLY, text="better"))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [line["request"]["user"] for line in lines] == [REQUEST.user, "Bergen", "Tromsø", "Bergen"]
    assert Recording(path).find(others[0]).text == "better"
    assert [file.name for file in path.parent.iterdir()] == ["asked.jsonl"]


def test_a_last_line_without_its_end_does_no_harm(path: Path) -> None:
    Recording(path).add(REQUEST, REPLY)
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    other = replace(REQUEST, user="Bergen")
    Recording(path).add(other, REPLY)
    assert Recording(path).find(REQUEST).text == Recording(path).find(other).text == REPLY.text


def test_a_miss_names_the_nearest_recording_and_the_first_difference(path: Path) -> None:
    recording = Recording(path)
    text = "The post is about a concert that takes place tonight in the city of "
    recording.add(replace(REQUEST, user="Something else"), REPLY)
    recording.add(replace(REQUEST, user=text + "Oslo"), REPLY)
    with pytest.raises(RecordingMiss) as caught:
        recording.find(replace(REQUEST, user=text + "Bergen"))
    message = str(caught.value)
    assert "matches this span/v1" in message
    assert "number 2 of 2 (span/v1)" in message
    assert "First difference in user: asked '… place tonight in the city of Bergen', recorded" in message
    assert "in the city of Oslo'" in message


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("model", "large-vl", "model: asked 'large-vl', recorded 'small-vl'"),
        ("temperature", 0.7, "temperature: asked '0.7', recorded '0.0'"),
        ("repeat", 2, "repeat: asked '2', recorded '0'"),
        ("picture", SentPicture("image/png", "cd" * 32, b""), "picture: asked '{"),
        ("turns", (("a", "b"),), "turns: asked "),
    ],
)
def test_a_miss_names_the_part_that_differs(path: Path, name: str, value: Any, shown: str) -> None:
    recording = Recording(path)
    recording.add(REQUEST, REPLY)
    with pytest.raises(RecordingMiss, match="100% alike") as caught:
        recording.find(replace(REQUEST, **{name: value}))
    assert f"First difference in {shown}" in str(caught.value)


def test_an_empty_recording_is_a_miss_and_a_missing_one_is_an_error(path: Path) -> None:
    with pytest.raises(DataError, match="there is no recording .*asked.jsonl"):
        Recording(path).find(REQUEST)
    path.write_text("\n")
    with pytest.raises(RecordingMiss, match="empty"):
        Recording(path).find(REQUEST)


def test_of_two_equal_questions_the_last_counts(path: Path) -> None:
    Recording(path).add(REQUEST, REPLY)
    line = path.read_text(encoding="utf-8")
    path.write_text(line + line.replace("served", "newer"), encoding="utf-8")
    assert Recording(path).find(REQUEST).model == "newer"


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-20],
        lambda line: "[]",
        lambda line: "words",
        lambda line: line.replace('"reply"', '"answer"'),
        lambda line: line.replace('"user"', '"asked"'),
        lambda line: line.replace('"model": "served"', '"model": 7'),
        lambda line: line.replace('"temperature": 0.0', '"temperature": null'),
        lambda line: "[" * 100_000,
    ],
)
def test_a_broken_line_is_named(path: Path, damage: Callable[[str], str]) -> None:
    Recording(path).add(REQUEST, REPLY)
    line = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text(f"{line}\n{damage(line)}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"asked\.jsonl:2: not a recording"):
        Recording(path).find(REQUEST)


def test_a_file_that_is_not_text_is_named(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        Recording(path).add(REQUEST, REPLY)
    assert path.read_bytes() == b"\xff\xfe\x00"


def test_a_hand_written_zero_is_a_zero(path: Path) -> None:
    Recording(path).add(REQUEST, REPLY)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"temperature": 0.0', '"temperature": 0'), encoding="utf-8"
    )
    assert Recording(path).find(REQUEST).text == REPLY.text


def test_threads_share_it(path: Path) -> None:
    recording = Recording(path)
    requests = [replace(REQUEST, user=f"city {number}") for number in range(30)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda request: recording.add(request, REPLY), requests))
    again = Recording(path)
    assert all(again.find(request).text == REPLY.text for request in requests)


def test_settings_of_a_model_are_recorded_and_a_line_without_them_still_serves(path: Path) -> None:
    own = replace(REQUEST, extra_body='{"seed": 1}', headers=(("X-Route", "eu"),))
    Recording(path).add(REQUEST, REPLY)
    Recording(path).add(own, replace(REPLY, text="other"))
    assert Recording(path).find(REQUEST) == replace(REPLY, cached=True)
    assert Recording(path).find(own).text == "other"
    with pytest.raises(RecordingMiss, match="First difference in extra_body"):
        Recording(path).find(replace(own, extra_body='{"seed": 2}'))
