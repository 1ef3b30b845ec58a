"""The command line: bad input is one line that says what to do, and no post can control the terminal."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from PIL import Image

from tests.command_line import exit_code
from tests.scripted import (
    ANN,
    EVIL,
    FACE,
    TOKENS,
    ScriptedLlm,
    doubt,
    drawing,
    graph_of,
    kind,
    says,
    spoken,
)
from unco.cli import guarded
from unco.errors import EndpointError, PostError, SettingsError, SetupError
from unco.show import HOW_TO_CONFIGURE
from unco.small_model.predictor import Predictor
from unco.state import RESULT, read_result
from unco.tools.extraction.extractor import NetworkExtractor
from unco.tools.llm.client import Mllm

TEXT = " ".join(TOKENS)


@dataclass
class Finished:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `unco` with arguments, as the shell would."""

    def command(*arguments: str) -> Finished:
        return Finished(exit_code(monkeypatch, *arguments), *capsys.readouterr())

    monkeypatch.setenv("COLUMNS", "160")
    return command


@pytest.fixture(autouse=True)
def _tiny_graph(monkeypatch: pytest.MonkeyPatch, predictor: Predictor) -> None:
    """Use the tiny network in place of the shipped checkpoint, without an MLLM."""
    monkeypatch.setattr("unco.graph.graph", graph_of(NetworkExtractor(lambda: predictor, None), Mllm()))


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> ScriptedLlm:
    """One entity, and somebody to ask about its type."""
    llm = ScriptedLlm({("type", "Ann"): kind("PER")})
    monkeypatch.setattr("unco.graph.graph", graph_of(says((ANN, "ORG", FACE, doubt("type"))), llm))
    return llm


def picture(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


STRICT = "--strict-pictures"
BAD_INPUT: dict[str, tuple[list[str], str]] = {
    "no text": (["--text", ""], "hand in a post's text"),
    "blank text": (["--text", " \n "], "hand in a post's text"),
    "half a character": (["--text", "Ann \udcff"], "valid Unicode"),
    "a missing picture": (["--image", "none.png", STRICT], "no picture at 'none.png'"),
    "no name of a picture": (["--image", "", STRICT], "no picture at ''"),
    "a text file": (["--image", "text.jpg", STRICT], "hand in a picture of one of the formats"),
    "an empty file": (["--image", "empty.png", STRICT], "empty (0 bytes)"),
    "a directory": (["--image", ".", STRICT], "is a directory; name one picture in it"),
    "a host that is not allowed": (["--image", "https://example.org/a.png"], "UNCO_ALLOWED_HOSTS"),
    "a name with NUL": (["--image", "a\0b.png", STRICT], "cannot read"),
    "a threshold of 2": (["--span-threshold", "2"], "span_threshold must be a number in [0, 1]"),
    "a threshold that is no number": (["--type-threshold", "nan"], "type_threshold must be a number in [0, 1]"),
    "an unknown mode": (["--mode", "onn"], "choose one of off, live, record, replay"),
    "an unknown prompt": (["--type-prompt", "v9"], "no version 'v9' of the type prompt: there is v1"),
    "an unknown frame": (["--frame", "inches"], "choose one of pixels"),
    "a model of unknown frame": (["--image", "text.jpg", "--mode", "live", "--model", "mystery"], "UNCO_LLM_FRAME"),
    "replay of nothing": (["--mode", "replay"], "set UNCO_RECORDING"),
}


@pytest.mark.parametrize("image", ["none.png", "", ".", "a\0b.png", "text.jpg"])
def test_a_picture_that_cannot_be_used_does_not_cost_the_text(
    image: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    picture(tmp_path, "text.jpg", b"no picture")
    monkeypatch.chdir(tmp_path)
    finished = run("extract", "--text", TEXT, "--image", image, "--annotate", "out.png")
    assert (finished.code, finished.err) == (0, "")
    assert "note: the picture cannot be used" in finished.out
    assert (tmp_path / "out.png").is_file()


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_that_says_what_to_do(
    case: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    picture(tmp_path, "text.jpg", b"no picture")
    picture(tmp_path, "empty.png", b"")
    monkeypatch.chdir(tmp_path)
    arguments, says_how = BAD_INPUT[case]
    finished = run("extract", *(["--text", "Ann Lee"] if "--text" not in arguments else []), *arguments)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("error: ")
    assert finished.err.count("\n") == 1
    assert says_how in finished.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["extract"],
        ["extract", "--text", "a", "--nonsense"],
        ["extract", "--text", "a", "--span-threshold", "much"],
        ["no"],
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], run: Run) -> None:
    finished = run(*arguments)
    assert finished.code == 2
    assert "Usage" in finished.err
    assert "Traceback" not in finished.err


def test_help(run: Run) -> None:
    for arguments in (["--help"], ["extract", "--help"]):
        finished = run(*arguments)
        assert (finished.code, finished.err) == (0, "")
        assert "extract" in finished.out


@pytest.mark.parametrize(
    ("error", "code"), [(PostError("a"), 2), (SettingsError("a"), 2), (SetupError("a"), 3), (EndpointError("a"), 3)]
)
def test_exit_codes(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise error

    assert guarded(command) == code
    assert capsys.readouterr().err == "error: a\n"


def test_a_command_that_a_person_stops_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("unco.evals.simulation.run.read_gold", lambda *_: stop())
    finished = run("simulate-mllm", "--gold", "posts.jsonl", "--family", "gpt-4o")
    assert (finished.code, finished.err) == (1, "stopped\n")


def test_a_bug_keeps_its_traceback() -> None:
    def command() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        guarded(command)


def test_what_a_command_says_itself_stays() -> None:
    assert guarded(lambda: None) == 0
    with pytest.raises(SystemExit) as finished:
        guarded(lambda: sys.exit(5))
    assert finished.value.code == 5


def test_json_is_a_result(run: Run, by_hand: ScriptedLlm, tmp_path: Path) -> None:
    finished = run("extract", "--text", TEXT, "--image", drawing(tmp_path), "--json")
    assert (finished.code, finished.err) == (0, "")
    output = json.loads(finished.out)
    assert output.keys() == RESULT.json_schema()["properties"].keys()
    (entity,) = read_result(output).entities
    assert (entity.text, entity.type, entity.corrections[1].outcome) == ("Ann", "PER", "changed")


def test_json_of_the_network(run: Run) -> None:
    finished = run("extract", "--text", "Ann Lee 🚀 plays for Ōsaka", "--json")
    result = RESULT.validate_json(finished.out)
    assert result.text == "Ann Lee 🚀 plays for Ōsaka"
    assert result.model == "tiny"


def test_a_table_for_people(run: Run, by_hand: ScriptedLlm, tmp_path: Path) -> None:
    finished = run("extract", "--text", TEXT, "--image", drawing(tmp_path))
    assert finished.code == 0
    for words in (TEXT, "ask > 0.400", "0.900 !", "[10, 10, 60, 90]", "Ann / type: changed ORG -> PER", "By hand."):
        assert words in finished.out
    assert "[answer authored by hand]" in finished.out
    assert HOW_TO_CONFIGURE not in finished.out


@pytest.mark.parametrize("with_picture", [True, False])
def test_an_annotated_picture_is_written(run: Run, by_hand: ScriptedLlm, with_picture: bool, tmp_path: Path) -> None:
    target = tmp_path / "new" / "out.png"
    arguments = ["--image", drawing(tmp_path)] if with_picture else []
    assert run("extract", "--text", TEXT, *arguments, "--annotate", str(target)).code == 0
    with Image.open(target) as image:
        assert image.width >= 200


def test_an_annotated_picture_that_cannot_be_written(run: Run, by_hand: ScriptedLlm, tmp_path: Path) -> None:
    finished = run("extract", "--text", TEXT, "--annotate", str(tmp_path / "out.txt"))
    assert finished.code == 2
    assert "give a path that ends in .png or .jpg" in finished.err
    (tmp_path / "file").touch()
    finished = run("extract", "--text", TEXT, "--annotate", str(tmp_path / "file" / "out.png"))
    assert finished.code == 2
    assert finished.err.endswith("out.png cannot be written: File exists\n")


def test_without_an_endpoint_the_output_says_how_to_set_one(run: Run) -> None:
    finished = run("extract", "--text", "Ann Lee plays for Oslo", "--span-threshold", "0")
    assert finished.code == 0
    assert " ".join(HOW_TO_CONFIGURE.split()) in " ".join(finished.out.split())


def test_thresholds_of_one_ask_nobody_and_tell_nothing(run: Run) -> None:
    ones = [word for name in ("span", "type", "region") for word in (f"--{name}-threshold", "1")]
    finished = run("extract", "--text", "Ann Lee plays for Oslo", *ones)
    assert "UNCO_LLM_BASE_URL" not in finished.out


def test_what_a_post_says_is_text_and_nothing_else(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    llm = ScriptedLlm({("type", EVIL[0]): spoken(corrected_type="\x1b[2J[red]PER[/red]")})
    monkeypatch.setattr("unco.graph.graph", graph_of(says((ANN, "[red]ORG", None, doubt("type")), tokens=EVIL), llm))
    finished = run("extract", "--text", "anything")
    assert finished.code == 0
    assert not any(char in finished.out for char in "\x1b\x07\x9b\r")
    for words in ("[31mAnn", "[bold]Lee[/bold]", "[/]", ":smile:", "[link=http://x]y", "[red]ORG"):
        assert words in finished.out


def test_no_entities(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.graph.graph", graph_of(says(), Mllm()))
    assert "no entities found" in run("extract", "--text", "hm").out


def test_graph_prints_a_drawing(run: Run) -> None:
    finished = run("graph")
    assert finished.code == 0
    assert "graph TD;" in finished.out
    assert "correct_region" in finished.out


ENCODINGS = ["ascii", "latin-1", "utf-8"]


@pytest.fixture
def written(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bytes]:
    """What a command writes to a terminal or a file of an encoding."""
    small_model = says((ANN, "ORG", None, doubt("type")), tokens=("Łódź🚀", "\x1b[2J"))
    monkeypatch.setattr("unco.graph.graph", graph_of(small_model, ScriptedLlm()))

    def command(encoding: str, *arguments: str) -> bytes:
        raw = BytesIO()
        monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, encoding, write_through=True))
        assert run("extract", "--text", "a", *arguments).code == 0
        return raw.getvalue()

    return command


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_terminal_can_show_a_result(encoding: str, written: Callable[..., bytes]) -> None:
    shown = written(encoding)
    assert b"\x1b" not in shown
    assert ("Łódź🚀".encode() if encoding == "utf-8" else b"d\\u017a\\U0001f680") in shown


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_json_in_any_encoding(encoding: str, written: Callable[..., bytes]) -> None:
    assert RESULT.validate_json(written(encoding, "--json").decode(encoding)).text == "Łódź🚀 \x1b[2J"
