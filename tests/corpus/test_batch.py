"""Corrections by a batch: the same questions as live, stage by stage, and the same results in the end."""

import gzip
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.kill_and_resume import without_cache_fields
from benchmarks.made_corpus import gold_of, write_corpus
from tests.corpus.question_lines import questions
from tests.scripted import ANN, FACE, OWLS, TOKENS, doubt, drawing, says, spoken
from tests.tools.llm.openai_server import OpenAIServer, completion, serve
from unco.cli import app
from unco.context import Context
from unco.corpus.batch.answers import BATCH_PRICE, import_answers
from unco.corpus.batch.export import Exported, export_questions
from unco.corpus.batch.question_files import QuestionFiles
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line, read_posts
from unco.corpus.run import Corpus, run_corpus
from unco.errors import DataError, SettingsError, SetupError
from unco.evals.simulation import Simulation, simulate
from unco.state import PostInput
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.prices import Price, Prices
from unco.tools.llm.privacy import Privacy

ALL = Context(span_threshold=-1, type_threshold=-1, region_threshold=-1)
PRICES = Prices(version="test", models=(Price(pattern="gpt|served", input=100, output=1000),))


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with simulate(gold_of(6), "gpt-4o") as running:
        yield running


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    with serve() as server:
        yield server


def answered(path: Path, url: str) -> Path:
    """Answer a file of questions as a provider does: each is asked of its own endpoint."""
    answers = path.with_name(f"answers-{path.name}")
    with answers.open("w", encoding="utf-8") as file:
        for number, question in enumerate(questions(path)):
            data = json.dumps(question["body"]).encode()
            asked = urllib.request.Request(f"{url}/chat/completions", data, {"Content-Type": "application/json"})
            with urllib.request.urlopen(asked) as response:
                body = json.load(response)
            answer = {"id": f"batch_req_{number}", "custom_id": question["custom_id"], "error": None}
            file.write(json.dumps(answer | {"response": {"status_code": 200, "request_id": "r", "body": body}}) + "\n")
    return answers


def answer_line(custom_id: str, **fields: Any) -> str:
    response = {"status_code": 200, "request_id": "r", "body": json.loads(completion())}
    return json.dumps({"id": "1", "custom_id": custom_id, "response": response, "error": None} | fields)


def one_post(folder: Path) -> Iterator[Line]:
    yield Line(1, PostInput(text=" ".join(TOKENS), image=drawing(folder), id="1"))


SMALL_MODEL = says((ANN, "ORG", FACE, doubt("span type region")), (OWLS, "ORG", None, doubt("type")))


def test_stage_by_stage_until_none_waits_and_the_results_are_those_of_a_live_run(
    tmp_path: Path, simulation: Simulation
) -> None:
    posts, predictions = write_corpus(tmp_path, 6)
    llm = Mllm(simulation.url, "gpt-4o", cache=Cache(tmp_path / "cache"), frame="pixels")
    rounds: list[Exported] = []
    while not rounds or rounds[-1].waiting:
        rounds.append(export_questions(read_posts(posts), tmp_path / "q", SavedPredictions(predictions), llm, ALL))
        for path in rounds[-1].files:
            found = import_answers(tmp_path / "q", [answered(path, simulation.url)], Cache(tmp_path / "cache"), PRICES)
            assert (found.kept, found.failed) == (rounds[-1].questions, {})
    # Two entities a post, three attributes each; without a picture nobody can be asked about a region.
    assert [one.questions for one in rounds] == [12, 12, 0]
    assert [path.name for one in rounds for path in one.files] == ["0001.jsonl", "0002.jsonl"]
    asked = simulation.counts["questions"]
    run_corpus(Corpus(posts, tmp_path / "batch.jsonl"), Pipeline(SavedPredictions(predictions), llm, ALL))
    assert simulation.counts["questions"] == asked, "all from the cache"
    live = Mllm(simulation.url, "gpt-4o", frame="pixels")
    run_corpus(Corpus(posts, tmp_path / "live.jsonl"), Pipeline(SavedPredictions(predictions), live, ALL))
    one, other = (
        [without_cache_fields(json.loads(line)) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        for name in ("batch", "live")
    )
    assert one == other


def test_a_line_is_what_a_live_call_would_send(tmp_path: Path, openai_server: OpenAIServer) -> None:
    """Messages, picture, sampling, schema: the very body that reaches an endpoint, apart from what says "no stream"."""
    llm = Mllm(openai_server.url, "served-model", cache=Cache(tmp_path / "cache"), frame="pixels")
    sure = replace(ALL, span_threshold=1.0, type_threshold=1.0)
    found = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, sure)
    lines = questions(*found.files)
    assert {(line["method"], line["url"], len(line["custom_id"])) for line in lines} == {
        ("POST", "/v1/chat/completions", 64)
    }
    assert openai_server.calls == 0
    graph_posts = Pipeline(SMALL_MODEL, Mllm(openai_server.url, "served-model", frame="pixels"), sure)
    posts = tmp_path / "posts.jsonl"
    post = next(one_post(tmp_path)).post
    assert post is not None
    posts.write_text(post.model_dump_json())
    run_corpus(Corpus(posts, tmp_path / "out.jsonl"), graph_posts)
    first_of_each = [body for body in openai_server.bodies if len(body["messages"]) == 2]  # re-asks aside
    key = lambda body: body["messages"][1]["content"][0]["text"]  # noqa: E731
    sent = [{name: value for name, value in body.items() if name != "stream"} for body in first_of_each]
    assert sorted((line["body"] for line in lines), key=key) == sorted(sent, key=key)


def test_an_attribute_waits_for_those_before_it_and_other_entities_do_not(tmp_path: Path) -> None:
    llm = Mllm("http://127.0.0.1:1/v1", "gpt-4o", cache=Cache(tmp_path / "cache"))
    first = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, Context())
    assert (first.waiting, first.questions) == (1, 2), "the span of one, the type of the other"
    again = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, Context())
    assert (again.waiting, again.questions, again.files) == (1, 0, ()), "nothing is asked twice"
    spans = [line for line in questions(*first.files) if "corrected_entity" in json.dumps(line)]
    file = tmp_path / "answers.jsonl"
    body = json.loads(completion(spoken(corrected_entity="Ann Lee")))
    file.write_text(
        answer_line(spans[0]["custom_id"], response={"status_code": 200, "body": body}) + "\n"
        + json.dumps({"custom_id": questions(*first.files)[1 - questions(*first.files).index(spans[0])]["custom_id"],
                      "response": None, "error": {"code": "batch_expired", "message": "late"}}) + "\n"
    )  # fmt: skip
    found = import_answers(tmp_path / "q", [file], Cache(tmp_path / "cache"), PRICES)
    assert (found.kept, dict(found.failed)) == (1, {"error batch_expired": 1})
    packed = tmp_path / "answers.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert import_answers(tmp_path / "q", [packed], Cache(tmp_path / "cache"), PRICES).known == 1
    second = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, Context())
    assert second.questions == 1
    assert "Ann Lee" in json.dumps(questions(*second.files)), "its type, with the span as corrected"
    again_exported = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, Context(), again=True)
    assert again_exported.questions == 2, "the type that expired, and the one that has no answer yet"


def test_an_unreadable_answer_is_followed_by_the_second_question(tmp_path: Path) -> None:
    llm = Mllm("http://127.0.0.1:1/v1", "gpt-4o", cache=Cache(tmp_path / "cache"))
    small_model = says((ANN, "ORG", None, doubt("type")))
    first = export_questions(one_post(tmp_path), tmp_path / "q", small_model, llm, Context())
    (question,) = questions(*first.files)
    file = tmp_path / "answers.jsonl"
    body = json.loads(completion("I cannot say."))
    file.write_text(answer_line(question["custom_id"], response={"status_code": 200, "body": body}))
    import_answers(tmp_path / "q", [file], Cache(tmp_path / "cache"), PRICES)
    second = export_questions(one_post(tmp_path), tmp_path / "q", small_model, llm, Context())
    (again,) = questions(*second.files)
    assert [message["role"] for message in again["body"]["messages"]] == ["system", "user", "assistant", "user"]


def test_what_is_no_answer_to_an_exported_question_is_not_stored(tmp_path: Path) -> None:
    cache, file = Cache(tmp_path / "cache"), tmp_path / "answers.jsonl"
    names = [f"{number:064}" for number in range(8)]
    with QuestionFiles(tmp_path / "q") as files:
        for name in names:
            files.add(name, {"model": "gpt-4o"})
    cut, empty = json.loads(completion("{", "length")), json.loads(completion(""))
    lines = [
        answer_line("f" * 64),
        answer_line(names[0], response={"status_code": 429, "body": {"error": {"message": "slow down"}}}),
        answer_line(names[1], response={"status_code": 200, "body": cut}),
        answer_line(names[2], response={"status_code": 200, "body": empty}),
        answer_line(names[3], response={"status_code": 200, "body": {"choices": []}}),
        answer_line(names[4], response=None),
        answer_line(names[5], error={"message": "x"}),
        answer_line(names[6]),
        answer_line(names[6]),
    ]
    file.write_text("\n".join(lines) + "\n\n")
    found = import_answers(tmp_path / "q", [file], cache, PRICES)
    assert (found.kept, found.known, found.foreign) == (1, 1, 1)
    assert dict(found.failed) == {
        "status 429": 1,
        "an answer that was cut off": 1,
        "an empty answer": 1,
        "an answer that is not a chat completion": 1,
        "neither an answer nor an error": 1,
        "error x": 1,
    }
    assert [bool(cache.get(name)) for name in names] == [False] * 6 + [True, False]
    assert cache.get("f" * 64) is None
    # 11 tokens in, 7 out: three answers were paid for.
    assert found.usd == pytest.approx(3 * BATCH_PRICE * (11 * 100 + 7 * 1000) / 1e6)
    assert json.loads(cache.get(names[6]) or "")["cost"] == pytest.approx(BATCH_PRICE * 0.0081)


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "not JSON"), ("[" * 100_000, "not JSON"), ("[1]", "not a line of a Batch API"), ('{"a": 1}', "not a line")],
)
def test_a_file_of_something_else_is_refused_with_its_place(line: str, message: str, tmp_path: Path) -> None:
    with QuestionFiles(tmp_path / "q") as files:
        files.add("k", {"model": "m"})
    file = tmp_path / "answers.jsonl"
    file.write_text(answer_line("k") + "\n" + line)
    with pytest.raises(DataError, match=f"answers.jsonl:2: {message}"):
        import_answers(tmp_path / "q", [file], Cache(tmp_path / "cache"), PRICES)
    with pytest.raises(DataError, match="cannot be read"):
        import_answers(tmp_path / "q", [tmp_path / "none"], Cache(tmp_path / "cache"), PRICES)
    with pytest.raises(DataError, match="holds no questions"):
        import_answers(tmp_path / "empty", [file], Cache(tmp_path / "cache"), PRICES)
    (tmp_path / "q" / "0002.jsonl").write_text("[]\n")
    with pytest.raises(DataError, match="0002.jsonl:1: not a question"):
        import_answers(tmp_path / "q", [file], Cache(tmp_path / "cache"), PRICES)


@pytest.mark.parametrize(
    ("terms", "attributes"),
    [
        (Terms(privacy=Privacy(span="local", region="local")), ["type", "type"]),
        (Terms(budget=Budget(Caps(calls=1))), ["span"]),
        (Terms(prices=PRICES, budget=Budget(Caps(usd=5.0))), ["span"]),  # each may cost more than three dollars
    ],
)
def test_privacy_budget_and_egress_log_hold_for_what_is_written(
    terms: Terms, attributes: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "egress.jsonl"
    cache, terms = Cache(tmp_path / "cache"), replace(terms, egress=EgressLog(log))
    llm = Mllm("https://api.example.com/v1", "gpt-4o", cache=cache, terms=terms)
    found = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, Context())
    assert found.questions == len(attributes) == len(questions(*found.files))
    assert (found.waiting, found.forbidden) == (1, 0), "it waits, whatever else is forbidden"
    assert [line["attribute"] for line in questions(log)] == attributes
    assert {line["host"] for line in questions(log)} == {"api.example.com"}


def test_a_post_that_may_not_be_asked_about_is_counted_as_forbidden(tmp_path: Path) -> None:
    terms = Terms(budget=Budget(Caps(calls=0)))
    llm = Mllm("http://127.0.0.1:1/v1", "gpt-4o", cache=Cache(tmp_path / "cache"), terms=terms)
    found = export_questions(one_post(tmp_path), tmp_path / "q", SMALL_MODEL, llm, Context())
    assert (found.done, found.forbidden, found.questions) == (1, 1, 0)


def test_an_answer_that_the_cache_cannot_store_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with QuestionFiles(tmp_path / "q") as files:
        files.add("k", {"model": "m"})
    (tmp_path / "answers.jsonl").write_text(answer_line("k"))
    cache = Cache(tmp_path / "cache")
    monkeypatch.setattr(cache, "_get_store", lambda: FullStore())
    with pytest.raises(SetupError, match="did not keep the answer at .*answers.jsonl:1: make room"):
        import_answers(tmp_path / "q", [tmp_path / "answers.jsonl"], cache, PRICES)


class FullStore:
    def get(self, key: str) -> None:
        return None

    def set(self, key: str, text: str) -> None:
        raise OSError(28, "No space left on device")


def test_a_batch_needs_an_endpoint_by_name_and_a_post_that_cannot_be_run_is_counted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="UNCO_LLM_BASE_URL"):
        export_questions(iter(()), tmp_path / "q", SMALL_MODEL, Mllm(cache=Cache(tmp_path / "cache")), Context())
    llm = Mllm("http://127.0.0.1:1/v1", "gpt-4o", cache=Cache(tmp_path / "cache"))
    found = export_questions(iter([Line(1, None, "no post")]), tmp_path / "q", SMALL_MODEL, llm, Context())
    assert (found.posts, found.failed, found.waiting, found.files) == (1, 1, 0, ())


def test_the_commands(tmp_path: Path, simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    posts, predictions = write_corpus(tmp_path, 6)
    monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
    monkeypatch.setenv("UNCO_LLM_MODEL", "gpt-4o")
    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "cache"))
    folder, options = str(tmp_path / "q"), ["--predictions", str(predictions)]
    first = CliRunner().invoke(app, ["batch", "export", str(posts), folder, *options])
    assert "6 posts: 6 wait for answers, 0 do not, 0 cannot be run" in first.output
    assert f"6 new questions in {folder} (0001.jsonl)" in first.output
    imported = CliRunner().invoke(
        app, ["batch", "import", folder, str(answered(Path(folder, "0001.jsonl"), simulation.url))]
    )
    assert "6 answers kept" in imported.output
    last = CliRunner().invoke(app, ["batch", "export", str(posts), folder, *options])
    assert "`unco run` with the same options has the results without a call" in last.output
    missing = CliRunner().invoke(app, ["batch", "import", folder, str(tmp_path / "none")])
    assert isinstance(missing.exception, DataError)
