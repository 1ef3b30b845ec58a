"""A person's review of a run: verified as in the graph, a line for each post, kept over kills, turned into gold."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests.command_line import exit_code
from tests.evals.report.made_run import made_results, write_run
from tests.graph.test_review import edit
from unco.errors import DataError, SetupError
from unco.evals.formats.gold_lines import read_gold_lines
from unco.evals.formats.results import read_results
from unco.evals.report.run import write_report
from unco.evals.review.export import import_review
from unco.evals.review.page.server import MOST_BYTES, ReviewPage, served
from unco.evals.review.session import ReviewSession, asked_in
from unco.types import Box, Dropped, Span, Uncertainty

ACCEPT, IGNORE = {"type": "accept", "by": "Kim"}, {"type": "ignore", "by": "Kim"}
ANSWERS = [ACCEPT, edit([10, 10, 60, 90], by="Kim"), edit("Ann Arbor", by="Kim")]
"""To what is in doubt in each post: Ann's type that was changed, the Owls' region that was, and Arbor's words."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(made_results(tmp_path, 3), tmp_path / "run.jsonl")


@pytest.fixture
def session(run: Path, tmp_path: Path) -> Iterator[ReviewSession]:
    opened = ReviewSession(run, tmp_path / "reviewed.jsonl")
    yield opened
    opened.close()


def asked(session: ReviewSession, number: int = 0) -> list[tuple[int, str]]:
    post = session.post(number)
    assert post is not None
    return [(entity.index, attribute) for entity, attribute in asked_in(post)]


def test_a_post_is_written_once_all_its_answers_can_be_used(session: ReviewSession, tmp_path: Path) -> None:
    assert asked(session) == [(0, "type"), (1, "region"), (2, "span")]
    faults = session.answer(0, [edit("ANIMAL"), edit([1, 2, 900, 4]), edit("Zoe")])
    assert faults is not None
    assert faults.keys() == {"0 type", "1 region", "2 span"}
    assert "no type" in faults["0 type"]
    assert (tmp_path / "reviewed.jsonl").read_bytes() == b""
    assert session.answer(0, ANSWERS) == {}
    [result] = read_results(tmp_path / "reviewed.jsonl")
    notes = [entity.corrections[place] for entity, place in zip(result.entities, (1, 2, 0), strict=True)]
    assert [note.outcome for note in notes] == ["reviewed"] * 3
    assert {note.by for note in notes} == {"Kim"}
    assert all(note.at for note in notes)
    assert [note.after for note in notes] == ["PER", Box(10, 10, 60, 90), Span(8, 10)]
    assert result.entities[2].text == "Ann Arbor"
    assert session.answer(0, ANSWERS) is None  # done already


def test_a_dropped_entity_comes_back_when_its_doubt_is_gone(tmp_path: Path) -> None:
    [result] = made_results(tmp_path, 1)
    doubtful = replace(result.entities[2], uncertainty=Uncertainty(0.9, 0.1, 0.1))
    thresholds = replace(result.thresholds, drop=0.5)
    result = replace(
        result, entities=result.entities[:2], dropped=(Dropped(doubtful, doubtful.doubt),), thresholds=thresholds
    )
    session = ReviewSession(write_run([result], tmp_path / "run.jsonl"), tmp_path / "reviewed.jsonl")
    assert asked(session) == [(0, "type"), (1, "region"), (2, "span")]
    assert session.answer(0, ANSWERS) == {}
    session.close()
    [reviewed] = read_results(tmp_path / "reviewed.jsonl")
    assert [entity.text for entity in reviewed.entities][2:] == ["Ann Arbor"]
    assert reviewed.dropped == ()


@pytest.mark.parametrize(
    "answers", [None, {}, "x", [], [ACCEPT], [ACCEPT] * 4, [[ACCEPT]] * 3, [3, None, {"type": "x"}]]
)
def test_what_are_no_answers_changes_nothing(session: ReviewSession, tmp_path: Path, answers: Any) -> None:
    assert session.answer(0, answers)
    assert session.answer(7, ANSWERS) is None
    assert (tmp_path / "reviewed.jsonl").read_bytes() == b""


def test_it_goes_on_after_a_kill_in_the_middle_of_a_line(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "reviewed.jsonl"
    first = ReviewSession(run, out)
    first.answer(1, ANSWERS)
    first.answer(0, ANSWERS)
    first.close()
    whole = out.read_bytes()
    out.write_bytes(whole[:-100])
    again = ReviewSession(run, out)
    assert (again.progress.done, again.progress.left) == (1, 2)
    assert again.next_open() == 0
    assert again.next_open(1) == 2
    again.answer(0, [IGNORE] * 3)
    again.close()
    assert [result.id for result in read_results(out)] == ["1", "0"]


def test_files_of_others_are_refused(run: Path, tmp_path: Path) -> None:
    other = write_run([replace(made_results(tmp_path, 1)[0], id="z")], tmp_path / "other.jsonl")
    with pytest.raises(DataError, match="'z', which is not in the run"):
        ReviewSession(run, other)
    for place in (tmp_path, run / "x"):
        with pytest.raises(SetupError, match="cannot be written"):
            ReviewSession(run, place)
    first, second = (replace(one, id=name) for one, name in zip(made_results(tmp_path, 2), ("2", None), strict=True))
    with pytest.raises(DataError, match="no id, and its number is another's"):
        ReviewSession(write_run([first, second], tmp_path / "some.jsonl"), tmp_path / "x")


def test_a_run_without_any_id_is_reviewed_by_number(tmp_path: Path) -> None:
    run = write_run([replace(one, id=None) for one in made_results(tmp_path, 2)], tmp_path / "run.jsonl")
    for left in (2, 1):
        session = ReviewSession(run, tmp_path / "reviewed.jsonl")
        assert session.progress.left == left
        session.answer(2 - left, ANSWERS)
        session.close()
    assert [result.id for result in read_results(tmp_path / "reviewed.jsonl")] == ["1", "2"]
    assert import_review(tmp_path / "reviewed.jsonl", tmp_path / "gold.jsonl").gold[1].id == "2"


def test_the_number_of_a_post_is_no_name_of_its_picture(tmp_path: Path) -> None:
    """The second post has no picture, and 2.jpg is another's."""
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (90, 60)).save(tmp_path / "photos" / "2.jpg")
    nameless = [replace(one, id=None, picture=None) for one in made_results(tmp_path, 2)]
    run = write_run(nameless, tmp_path / "run.jsonl")
    run.write_text('{"id": null, "post": 1, "error": {"type": "PostError", "message": "no text"}}\n' + run.read_text())
    with closing(ReviewSession(run, tmp_path / "reviewed.jsonl")) as session:
        page = ReviewPage(session, tmp_path / "photos", "Kim", "", Event())
        assert [page.picture(number) for number in range(2)] == [None, None]
    write_report(run, tmp_path / "report.html", pictures=tmp_path / "photos")
    assert "data:image/jpeg" not in (tmp_path / "report.html").read_text()
    write_run([replace(nameless[0], id="2")], run)
    write_report(run, tmp_path / "report.html", pictures=tmp_path / "photos")
    assert "data:image/jpeg" in (tmp_path / "report.html").read_text()


def test_settled_posts_become_gold(
    session: ReviewSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answer(0, ANSWERS)
    session.answer(1, [ACCEPT, IGNORE, ACCEPT])
    gold = tmp_path / "gold.jsonl"
    assert exit_code(monkeypatch, "import-review", str(tmp_path / "reviewed.jsonl"), "-o", str(gold)) == 0
    assert "not reviewed: 1, the first is '1'" in capsys.readouterr().out
    [post] = read_gold_lines(gold)
    assert [(one.span, one.type, one.boxes) for one in post.entities] == [
        (Span(0, 1), "PER", (Box(10, 10, 60, 90),)),
        (Span(5, 7), "ORG", (Box(10, 10, 60, 90),)),
        (Span(8, 10), "LOC", ()),
    ]
    assert post.size == (200, 100)


def test_a_run_that_nobody_reviewed_is_no_gold(run: Path, tmp_path: Path) -> None:
    found = import_review(run, tmp_path / "gold.jsonl")
    assert (found.gold, len(found.left)) == ((), 3)


def test_a_text_that_came_as_a_string_is_reviewed_by_its_own_characters(tmp_path: Path) -> None:
    text = "Ann   Lee plays for the Blue Owls of Ann Arbor"
    [made] = made_results(tmp_path, 1)
    moved = [replace(entity, start_char=0, stop_char=0) for entity in made.entities]
    session = ReviewSession(
        write_run([replace(made, text=text, entities=tuple(moved))], tmp_path / "run.jsonl"), tmp_path / "out.jsonl"
    )
    assert session.answer(0, ANSWERS) == {}
    session.close()
    entity = read_results(tmp_path / "out.jsonl")[0].entities[2]
    assert text[entity.start_char : entity.stop_char] == "Ann Arbor"


class Page:
    """The page's server, asked as a browser or somebody else would."""

    def __init__(self, address: str) -> None:
        self.address = urlsplit(address)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.address.port or 0, timeout=10)
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        kinds = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        connection.request(method, path, sent if body is not None else None, kinds)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        return self.ask("GET", f"{self.address.path}{path}", **headers)

    def post(self, path: str, body: Any, **headers: str) -> int:
        return self.ask("POST", f"{self.address.path}{path}", body, **headers)[0]


@pytest.fixture
def page(session: ReviewSession, tmp_path: Path) -> Iterator[Page]:
    with served(session, tmp_path, "Kim") as (address, _):
        yield Page(address)


@pytest.mark.slow
def test_the_page_is_for_this_machine_and_its_token_alone(page: Page, tmp_path: Path) -> None:
    assert page.get("")[0] == 200
    own = f"http://127.0.0.1:{page.address.port}"
    assert page.post("answers/0", ANSWERS, Origin=own) == 200
    before = (tmp_path / "reviewed.jsonl").read_bytes()
    for path in ("/", "/x/", page.address.path[:-2] + "/", page.address.path[:-1], "/../" + page.address.path):
        assert page.ask("GET", path)[0] == 404, path
    for headers in (
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Host": "localhost:1"},
        {"Origin": "null"},
    ):
        assert page.get("post/0", **headers)[0] == 404
        assert page.post("answers/1", ANSWERS, **headers) == 404
    for path in ("picture/../run.jsonl", "picture/%2e%2e", "picture/-1", "picture/99",
                 "post/x", "post/1/2", "picture/1e9", "answers/1", "post/9999999999999999999999"):  # fmt: skip
        assert page.get(path)[0] == 404, path
    for body in (b"", b"{", b"[" * 100_000, b'[NaN, "\xff"]', b'{"a": ' * 9000):
        assert page.post("answers/1", body) == 400
    assert page.post("answers/1", ANSWERS, Content_Length=str(MOST_BYTES + 1)) == 400
    assert page.post("answers/1", ANSWERS, Content_Type="text/plain") == 400
    assert page.post("answers/1", [edit("\ud800"), ACCEPT, ACCEPT]) == 200
    assert page.post("answers/1", [ACCEPT | {"by": "\ud800"}, ACCEPT, ACCEPT]) in (200, 400)
    assert page.post("answers/0", ANSWERS) == 409
    assert (tmp_path / "reviewed.jsonl").read_bytes() == before


def test_an_address_is_new_each_time(session: ReviewSession) -> None:
    with served(session, None, "Kim") as (first, _), served(session, None, "Kim") as (second, _):
        assert urlsplit(first).path != urlsplit(second).path
        assert urlsplit(first).hostname == "127.0.0.1"


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be deleted there")
def test_answers_do_not_go_into_a_file_that_was_deleted(session: ReviewSession, tmp_path: Path) -> None:
    (tmp_path / "reviewed.jsonl").unlink()
    with pytest.raises(SetupError, match="was deleted"):
        session.answer(0, ANSWERS)
    assert session.progress.left == 3
