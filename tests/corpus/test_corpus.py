"""A corpus run: every post once, in order, with the graph's own results; and it can be resumed after any break."""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.made_corpus import gold_of, write_corpus
from tests.scripted import ANN, FACE, OWLS, TOKENS, Asked, ScriptedLlm, doubt, drawing, graph_of, kind, quoted, says
from tests.tools.extraction.made_policy import policy_of
from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.output import Output
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line
from unco.corpus.run import MAX_UNANSWERED, MIN_ANSWERED, Corpus, run_corpus, settings_of
from unco.corpus.start import start
from unco.errors import SettingsError, SetupError, Unavailable
from unco.evals.simulation import simulate
from unco.state import PostInput, read_result
from unco.tools.extraction.policy import write_policy
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply
from unco.types import Label

TEXT = " ".join(TOKENS)

GONE = Unavailable("the endpoint cannot be reached", "unreachable")


class Partial(ScriptedLlm):
    """Answers the questions about some posts of a made corpus, in whatever order they come, and no others."""

    def __init__(self, answered: Collection[int]) -> None:
        super().__init__({("type", "Ann Lee"): kind("PER")})
        self.answered = answered

    def _reply(self, asked: Asked) -> Reply:
        if int(quoted(r"number(\d+)", asked.request.user)) not in self.answered:
            raise GONE
        return super()._reply(asked)


def pipeline(predictions: Path, llm: Mllm, **context: Any) -> Pipeline:
    return Pipeline(SavedPredictions(predictions), llm, Context(**context))


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_results_are_the_graphs_whether_or_not_anybody_is_asked(tmp_path: Path) -> None:
    """The second post of three is sure of all, so the graph is not entered for it."""
    image = drawing(tmp_path)
    model = says((ANN, "ORG", FACE, doubt("type")), (OWLS, "ORG", None, doubt()))
    sure = says((ANN, "ORG", FACE, doubt()), (OWLS, "ORG", None, doubt()))

    def extractor(post: Any) -> Any:
        return (sure if post.id == "1" else model)(post)

    script = {("type", "Ann"): kind("PER")}
    posts = [PostInput(text=TEXT, image=image, id=identity) for identity in ("0", "1", "0")]
    lines = [Line(number, post) for number, post in enumerate(posts, start=1)]
    run = Pipeline(extractor, ScriptedLlm(script), Context())
    found = [done.result async for done in run.run(lines)]
    graph = graph_of(extractor, ScriptedLlm(script))
    wanted = [read_result(graph.invoke(post.model_dump())) for post in posts]
    assert [replace(result, usage=wanted[0].usage) for result in found if result] == [
        replace(result, usage=wanted[0].usage) for result in wanted
    ]
    assert found[0].usage == wanted[0].usage  # type: ignore[union-attr]
    assert [result.entities[0].type for result in found if result] == ["PER", "ORG", "PER"]


def test_a_post_that_cannot_be_run_is_a_line_with_its_error(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 2)
    posts.write_text('{"text": "unknown words", "id": "x"}\n{"txet": 1, "id": 7}\n' + posts.read_text())
    tally = run_corpus(Corpus(posts, tmp_path / "out.jsonl"), pipeline(predictions, ScriptedLlm(), mode="off"))
    unknown, broken, first, second = lines_of(tmp_path / "out.jsonl")
    assert (unknown["id"], unknown["post"], unknown["error"]["type"]) == ("x", 1, "PostError")
    assert "has no prediction for post 'x'" in unknown["error"]["message"]
    assert (broken["id"], broken["post"]) == ("7", 2)
    assert [first["id"], second["id"]] == ["0", "1"]
    assert (tally.posts, tally.failed, tally.unanswered) == (4, 2, 2)
    assert "failed posts 2" in tally.summary()


def test_a_lone_surrogate_fails_its_own_post_alone(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    halves = '{"text": "a", "id": "\\ud800"}\n{"text": "b \\ud800", "id": "2"}\n'
    posts.write_text(halves + posts.read_text())
    tally = run_corpus(Corpus(posts, tmp_path / "out.jsonl"), pipeline(predictions, ScriptedLlm(), mode="off"))
    first, second, third = lines_of(tmp_path / "out.jsonl")
    assert "id: character 0 is half a surrogate pair" in first["error"]["message"]
    assert second["id"] == "2"
    assert second["error"]["type"] == "PostError"
    assert (third["id"], tally.failed) == ("0", 2)


def test_what_a_run_was_started_with_is_written_once(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    run = pipeline(predictions, ScriptedLlm(), mode="off")
    run_corpus(Corpus(posts, tmp_path / "out.jsonl"), run)
    settings_path = tmp_path / "out.jsonl.run.json"
    settings_path.chmod(0o444)
    before = settings_path.stat().st_mtime_ns
    run_corpus(Corpus(posts, tmp_path / "out.jsonl", resume=True), run)
    assert settings_path.stat().st_mtime_ns == before


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    with pytest.raises(SettingsError, match="is there already: go on with --resume"):
        run_corpus(Corpus(posts, out), pipeline(predictions, ScriptedLlm(), mode="off"))
    assert out.read_text() == "precious\n"


@pytest.mark.parametrize("resume", [False, True])
def test_a_device_is_no_output_file(resume: bool, tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    device = tmp_path / "zero"
    device.symlink_to("/dev/zero")  # whose lines have no end
    with pytest.raises(SettingsError, match="zero is a device or a pipe, no file: name a file, or -"):
        run_corpus(Corpus(posts, device, resume), pipeline(predictions, ScriptedLlm(), mode="off"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["posts.jsonl", "predictions.jsonl", "zero"]


def test_a_run_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 30)
    out = tmp_path / "out.jsonl"
    run_corpus(Corpus(posts, out), pipeline(predictions, ScriptedLlm(), mode="off"))
    whole = out.read_bytes()
    out.write_bytes(whole[: len(whole) // 2])  # in the middle of a line, as a kill leaves it
    tally = run_corpus(Corpus(posts, out, resume=True), pipeline(predictions, ScriptedLlm(), mode="off"))
    assert out.read_bytes() == whole
    assert tally.before + tally.posts == 30
    assert 10 < tally.before < 20
    again = run_corpus(Corpus(posts, out, resume=True), pipeline(predictions, ScriptedLlm(), mode="off"))
    assert (again.before, again.posts) == (30, 0)


@pytest.mark.parametrize("change", ["a line in front", "another text", "another id", "a line less"])
def test_a_run_does_not_go_on_with_posts_that_changed(change: str, tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 3)
    lines, out = posts.read_text().splitlines(keepends=True), tmp_path / "out.jsonl"
    run = pipeline(predictions, ScriptedLlm(), mode="off")
    run_corpus(Corpus(posts, out), run)
    whole = out.read_bytes()
    changed = {
        "a line in front": ['{"text": "New in front"}\n', *lines],
        "another text": [*lines[:2], json.dumps(json.loads(lines[2]) | {"text": "Another"}) + "\n", *lines],
        "another id": [*lines[:2], json.dumps(json.loads(lines[2]) | {"id": "another"}) + "\n", *lines],
        "a line less": lines[:2],
    }
    posts.write_text("".join(changed[change]))
    with pytest.raises(SettingsError, match="posts.jsonl has changed: its post 3 is not the one in line 3 of"):
        run_corpus(Corpus(posts, out, resume=True), run)
    assert out.read_bytes() == whole


def test_another_run_does_not_go_on_in_its_file(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    out = tmp_path / "out.jsonl"
    run = pipeline(predictions, ScriptedLlm(), mode="off")
    run_corpus(Corpus(posts, out, settings={"small_model": "one"}), run)
    with pytest.raises(SettingsError, match="small_model was 'one', is 'two'"):
        run_corpus(Corpus(posts, out, True, {"small_model": "two"}), run)
    (tmp_path / "out.jsonl.run.json").unlink()
    with pytest.raises(SettingsError, match="cannot be read, so it is not known"):
        run_corpus(Corpus(posts, out, True, {"small_model": "one"}), run)


def test_a_full_disk_stops_the_run_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(tmp_path / "out.jsonl", {}, False)
    output.close()
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(output, "_file", full)
        with pytest.raises(SetupError, match="No space left on device: make room, then go on with --resume"):
            output.append(1, b"{}")
    with pytest.raises(SetupError, match="cannot be written"):
        Output(Path("/proc/out.jsonl"), {}, False)


def test_an_endpoint_that_is_down_stops_the_run_before_what_it_left_unanswered(tmp_path: Path) -> None:
    """Posts in between that ask nothing are held back too; once it is up all are run, each asked about once."""
    count = 3 * MAX_UNANSWERED
    posts, predictions = write_corpus(tmp_path, count, unsure=2)
    out, cache = tmp_path / "out.jsonl", tmp_path / "cache"
    with simulate(gold_of(10), "gpt-4o") as simulation:
        up = Mllm(simulation.url, simulation.model, cache=Cache(cache), attempts=1)
        head = tmp_path / "head.jsonl"
        head.write_text("".join(posts.read_text().splitlines(keepends=True)[:10]))
        run_corpus(Corpus(head, out), pipeline(predictions, up))
        assert simulation.counts["answers"] == 5
    (tmp_path / "out.jsonl.run.json").write_text(json.dumps({"posts": str(posts)}))
    down = Mllm("http://127.0.0.1:9/v1", simulation.model, cache=Cache(tmp_path / "none"), attempts=1)
    with pytest.raises(Unavailable, match=f"about {MAX_UNANSWERED} posts.*before post 11; go on with --resume"):
        run_corpus(Corpus(posts, out, resume=True), pipeline(predictions, down))
    assert len(lines_of(out)) == 10
    with simulate(gold_of(count), "gpt-4o") as simulation:
        up = Mllm(simulation.url, simulation.model, cache=Cache(cache), attempts=1)
        tally = run_corpus(Corpus(posts, out, resume=True), pipeline(predictions, up))
        assert simulation.counts["answers"] == count / 2 - 5
    assert (tally.before, tally.posts, tally.unanswered) == (10, count - 10, 0)
    assert [line["id"] for line in lines_of(out)] == [str(n) for n in range(count)]
    assert {line["entities"][0]["type"] for line in lines_of(out)} == {"PER"}


def test_what_is_held_back_is_written_in_the_end(tmp_path: Path) -> None:
    """A few posts that the endpoint left unanswered are results like others: their attributes say `unavailable`."""
    posts, predictions = write_corpus(tmp_path, 3)
    down = Mllm("http://127.0.0.1:9/v1", "gpt-4o", cache=Cache(tmp_path / "none"), attempts=1)
    tally = run_corpus(Corpus(posts, tmp_path / "out.jsonl"), pipeline(predictions, down))
    assert (tally.posts, tally.unanswered, len(lines_of(tmp_path / "out.jsonl"))) == (3, 3, 3)


def test_the_policy_in_force_is_part_of_what_a_run_goes_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that the environment names; saved predictions bring thresholds of their own."""
    posts, predictions = write_corpus(tmp_path, 1)
    for name in ("UNCO_LLM_BASE_URL", "UNCO_SETTINGS", "UNCO_RECORDING", "UNCO_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for number in (1, 2):
        write_policy(policy_of(method=f"by hand {number}"), tmp_path / f"policy{number}.yaml")
    out, console = tmp_path / "out.jsonl", Console(quiet=True)
    monkeypatch.setenv("UNCO_POLICY", str(tmp_path / "policy1.yaml"))
    start(posts, out, False, False, Context(mode="off"), Choices(), console)
    start(posts, out, True, False, Context(mode="off"), Choices(policy=tmp_path / "policy1.yaml"), console)
    monkeypatch.setenv("UNCO_POLICY", str(tmp_path / "policy2.yaml"))
    with pytest.raises(SettingsError, match=r"policy was '.*policy1\.yaml', is '.*policy2\.yaml'"):
        start(posts, out, True, False, Context(mode="off"), Choices(), console)
    saved = Choices(predictions, policy=tmp_path / "policy1.yaml")
    with pytest.raises(SettingsError, match="--policy changes nothing: leave one out"):
        start(posts, tmp_path / "other.jsonl", False, False, Context(mode="off"), saved, console)


def test_what_was_under_way_when_the_endpoint_died_is_done_anew(tmp_path: Path) -> None:
    """The first post is left unanswered while others still are answered; then the endpoint is down for all."""
    posts, predictions = write_corpus(tmp_path, 40)
    engine = Pipeline(SavedPredictions(predictions), Partial(range(1, 6)), Context(), at_once=1)
    with pytest.raises(Unavailable, match="the run stopped before post 1;"):
        run_corpus(Corpus(posts, tmp_path / "out.jsonl"), engine)
    assert lines_of(tmp_path / "out.jsonl") == []


def test_a_post_without_an_answer_is_written_once_others_are_answered(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 60)
    llm = Partial(range(1, 60))
    written = []
    engine = Pipeline(SavedPredictions(predictions), llm, Context(), at_once=1)
    run_corpus(Corpus(posts, tmp_path / "out.jsonl"), engine, lambda tally: written.append(len(llm.asked)))
    assert written[0] >= MIN_ANSWERED
    assert [line["id"] for line in lines_of(tmp_path / "out.jsonl")] == [str(n) for n in range(60)]


def test_a_setting_that_no_post_can_be_run_with_stops_the_run(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 3)
    with pytest.raises(SettingsError, match="no version 'v99' of the type prompt"):
        run_corpus(Corpus(posts, tmp_path / "out.jsonl"), pipeline(predictions, ScriptedLlm(), type_prompt="v99"))
    assert lines_of(tmp_path / "out.jsonl") == []


def test_what_stands_beside_the_output_may_be_anything(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 1)
    corpus = Corpus(posts, tmp_path / "out.jsonl", resume=True)
    run_corpus(corpus, pipeline(predictions, ScriptedLlm(), mode="off"))
    (tmp_path / "out.jsonl.run.json").write_text("[7]")
    with pytest.raises(SettingsError, match="cannot be read, so it is not known"):
        run_corpus(corpus, pipeline(predictions, ScriptedLlm(), mode="off"))


def test_a_run_with_types_of_ones_own_goes_on_with_these_alone(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 3)
    out, labels = tmp_path / "out.jsonl", (Label("singer", "Who sings."), Label("club", "A team."))
    llm = ScriptedLlm({("type", "Ann Lee"): kind("Singer")})
    for resume in (False, True):
        context = Context(labels=labels)
        corpus = Corpus(posts, out, resume, settings_of(context))
        run_corpus(corpus, Pipeline(SavedPredictions(predictions), llm, context))
    results = [read_result(line) for line in lines_of(out)]
    assert {result.types for result in results} == {("singer", "club")}
    assert {entity.type for result in results for entity in result.entities if entity.text == "Ann Lee"} == {"singer"}
    context = Context(labels=labels[:1])
    other = Corpus(posts, out, True, settings_of(context))
    with pytest.raises(SettingsError, match="the settings differ"):
        run_corpus(other, Pipeline(SavedPredictions(predictions), llm, context))
