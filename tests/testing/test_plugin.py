"""The pytest plugin records the answers of an MLLM and replays them; what goes wrong is said in one line."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.llm.openai_server import OpenAIServer, Step, completion, serve

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
EXAMPLE = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
ASKING = """
import pytest
from unco.tools.llm.request import Request
from unco.tools.llm_settings import mllm_from_env

@pytest.mark.unco_cassette("asked")
def test_asks(unco_cassette):
    llm = mllm_from_env()
    reply = llm.ask(Request(model=llm.model, system="You correct.", user="WORDS"), "live")
    assert reply.text == '{"answer": "yes"}'
"""
KEY = "sk-of-a-stranger-0123456789"  # pragma: allowlist secret
PLUGIN = ("-p", "unco.testing", "-p", "no:cacheprovider", "-p", "no:asyncio")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """An endpoint that the environment names; it quotes the key."""
    step = Step(completion('{"answer": "yes"}').replace("served-model", f"served for {KEY}"))
    with serve() as server:
        server.script = [step]
        monkeypatch.setenv("UNCO_LLM_BASE_URL", f"{server.url}")
        monkeypatch.setenv("UNCO_LLM_MODEL", "small-vl")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield server


def without_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UNCO_LLM_BASE_URL", "UNCO_LLM_MODEL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def cassette_of(pytester: pytest.Pytester) -> Path:
    return pytester.path / "cassettes" / "asked.yaml"


@pytest.mark.slow
def test_the_example_of_the_docs(
    pytester: pytest.Pytester, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = [Step(completion('{"reasoning_process": "Known.", "corrected_type": "PER"}'))]
    pytester.makepyfile(test_example=EXAMPLE)
    pytester.runpytest(*PLUGIN, "--unco-record").assert_outcomes(passed=1)
    asked = len(server.bodies)
    assert asked >= 2
    assert (pytester.path / "cassettes/test_example/test_every_type_is_checked.yaml").is_file()
    without_endpoint(monkeypatch)
    pytester.runpytest(*PLUGIN).assert_outcomes(passed=1)
    assert len(server.bodies) == asked


def test_a_cassette_tells_neither_key_nor_host(
    pytester: pytest.Pytester, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_asking=ASKING.replace("WORDS", f"Is {KEY} a name?"))
    pytester.runpytest(*PLUGIN, "--unco-record").assert_outcomes(passed=1)
    text = cassette_of(pytester).read_text("utf-8")
    assert KEY not in text
    assert "Is (key) a name?" in text
    assert "served for (key)" in text
    assert not any(word in text.lower() for word in ("authorization", "bearer", "127.0.0.1", "user-agent"))


def test_a_miss_names_the_words_that_differ(
    pytester: pytest.Pytester, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_asking=ASKING.replace("WORDS", "Is Oslo a city?"))
    pytester.runpytest(*PLUGIN, "--unco-record").assert_outcomes(passed=1)
    without_endpoint(monkeypatch)
    pytester.makepyfile(test_asking=ASKING.replace("WORDS", "Is Bergen a city?"))
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([r".*same_user.*asked 'user: Is Bergen a city\?', recorded 'user: Is Oslo a city\?'"])


def test_answers_that_are_no_json_are_kept_as_they_came(
    pytester: pytest.Pytester, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = [Step("<h1>Bad gateway é</h1>", 502, "text/html"), Step(completion('{"answer": "yes"}'))]
    pytester.makepyfile(test_asking=ASKING)
    pytester.runpytest(*PLUGIN, "--unco-record").assert_outcomes(passed=1)
    assert "<h1>Bad gateway é</h1>" in cassette_of(pytester).read_text("utf-8")
    without_endpoint(monkeypatch)
    pytester.runpytest(*PLUGIN).assert_outcomes(passed=1)


def test_a_recording_that_fails_leaves_the_old_cassette(
    pytester: pytest.Pytester, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_asking=ASKING)
    pytester.runpytest(*PLUGIN, "--unco-record").assert_outcomes(passed=1)
    before = cassette_of(pytester).read_bytes()
    without_endpoint(monkeypatch)
    result = pytester.runpytest(*PLUGIN, "--unco-record")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*nothing was recorded into *asked.yaml*"])
    assert cassette_of(pytester).read_bytes() == before
    assert [path.name for path in cassette_of(pytester).parent.iterdir()] == ["asked.yaml"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (ASKING, "there is no cassette *asked.yaml: record it with --unco-record"),
        (ASKING.replace('("asked")', '("a", "b")'), "unco_cassette takes the name of a cassette and nothing else"),
        (ASKING.replace('("asked")', '(name="a")'), "unco_cassette takes the name of a cassette and nothing else"),
    ],
)
def test_what_cannot_be_replayed_is_one_line(source: str, said: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_asking=source)
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_a_test_without_the_marker_is_left_alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_CACHE_DIR", "mine")
    pytester.makepyfile("import os\ndef test_it():\n    assert os.environ['UNCO_CACHE_DIR'] == 'mine'")
    pytester.runpytest(*PLUGIN, "--strict-markers").assert_outcomes(passed=1)


def test_without_vcrpy_marked_tests_say_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("import sys\nsys.modules['vcr'] = None")
    pytester.makepyfile(test_asking=ASKING + "\ndef test_other():\n    pass\n")
    cassette_of(pytester).parent.mkdir()
    cassette_of(pytester).write_text("")
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["unco_cassette needs vcrpy*pip install 'unco?testing?'"])


def test_the_plugin_costs_little_where_it_is_not_used() -> None:
    heavy = {"vcr", "yaml", "torch", "langgraph", "langchain_core", "numpy", "openai", "unco.graph"}
    code = f"import sys, unco.testing; print(*sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
