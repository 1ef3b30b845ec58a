"""`unco evaluate` and `unco.evals.score`: the same numbers, from files in any format and from plain data."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, exit_code
from tests.scripted import ANN, FACE, TOKENS, doubt, graph_of, says
from unco.errors import DataError
from unco.evals import score
from unco.evals.formats.conll_voc import write_folder
from unco.evals.formats.gold_lines import gold_to_dict, write_gold_lines
from unco.evals.formats.official_json import write_official_gold, write_official_predictions
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.formats.prediction_lines import prediction_to_dict, read_prediction_lines, write_prediction_lines
from unco.state import read_result
from unco.tools.llm.client import Mllm
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty

BOX = Box(10, 10, 60, 90)
GOLD = [
    GoldPost("a", ("Ann", "Lee", "won", "Oscar"), (
        GoldEntity(Span(0, 2), "PER", (BOX,)), GoldEntity(Span(3, 4), "OTHER", ())), (200, 100)),
    GoldPost("b", ("hi", "Bo"), (GoldEntity(Span(1, 2), "PER", ()),), (200, 100)),
]  # fmt: skip
RUN = [
    PredictedPost("a", (
        Predicted(Span(0, 2), "PER", BOX, Uncertainty(0.1, 0.2, 0.3)),
        Predicted(Span(3, 4), "ORG", None, Uncertainty(0.1, 0.9, 0.3)))),
    PredictedPost("b", (Predicted(Span(1, 2), "PER", BOX, Uncertainty(0.2, 0.1, 0.8)),)),
]  # fmt: skip
OTHER = [PredictedPost("a", (Predicted(Span(0, 2), "LOC", None),)), PredictedPost("b", ())]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_folder(GOLD, tmp_path, "test")
    write_gold_lines(GOLD, tmp_path / "gold.jsonl")
    write_official_gold(GOLD, tmp_path / "gold.json")
    write_prediction_lines(RUN, tmp_path / "run.jsonl")
    write_official_predictions(RUN, tmp_path / "run.json")
    write_prediction_lines(OTHER, tmp_path / "other.jsonl")
    return tmp_path


@pytest.fixture
def run(files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `unco evaluate` in the folder of the files."""
    monkeypatch.chdir(files)
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments: str) -> tuple[int, str, str]:
        return exit_code(monkeypatch, "evaluate", *arguments), *capsys.readouterr()

    return command


GOLDS = [("gold.jsonl",), ("gold.json",), (".", "--split", "test")]


@pytest.mark.parametrize("gold", GOLDS, ids=" ".join)
@pytest.mark.parametrize("predictions", ["run.jsonl", "run.json"])
def test_all_formats_give_the_same_numbers(gold: tuple[str, ...], predictions: str, run: Run) -> None:
    code, out, err = run("--predictions", predictions, "--gold", *gold, "--json")
    assert (code, err) == (0, "")
    tasks = json.loads(out)["schemes"]["gmner"]["tasks"]
    counts = {task: (line["correct"], line["predicted"], line["gold"]) for task, line in tasks.items()}
    assert counts == {
        "GMNER": (1, 3, 3), "MNER": (2, 3, 3), "EEG": (2, 3, 3), "span": (3, 3, 3), "type given span": (2, 3, 3),
    }  # fmt: skip


def test_plain_data_and_files_give_the_same_numbers(run: Run) -> None:
    _, out, _ = run(
        "--predictions", "run.jsonl", "--gold", "gold.jsonl", "--protocol", "official",
        "--against", "other.jsonl", "--uncertainty", "--json",
    )  # fmt: skip
    lines = [[prediction_to_dict(post) for post in posts] for posts in (RUN, OTHER)]
    found = score([gold_to_dict(post) for post in GOLD], lines[0], "official", lines[1], uncertainty=True)
    assert json.loads(out) == json.loads(json.dumps(found))
    assert found["schemes"]["gmner"]["tasks"]["GMNER"]["f1"] == pytest.approx(2 * 2 / (4 + 3))  # the ghost of Bo
    assert found["against"]["gmner"]["MNER"]["only_predictions"] == 2
    assert found["uncertainty"]["all"]["type"]["auroc"] == 1.0


def test_tables_hold_the_numbers_and_say_what_was_not_scored(run: Run) -> None:
    code, out, _ = run(
        "--predictions", "run.jsonl", "--gold", "gold.jsonl", "--protocol", "hindex", "--against", "other.jsonl",
        "--uncertainty", "--train", "gold.jsonl",
    )  # fmt: skip
    assert code == 0
    rows = {line.split("│")[1].strip(): line for line in out.splitlines() if line.startswith("│")}
    assert "not scored: hindex needs the candidate boxes" in rows["GMNER"]
    assert [cell.strip() for cell in rows["MNER"].split("│")[2:5]] == ["66.67", "66.67", "66.67"]
    assert "not scored" in rows["never ground, EEG"]
    assert "within noise" in rows["span, gmner"] or "better" in rows["span, gmner"]
    assert "1 / 3" in rows["type, all"]
    assert "1 / 3" in rows["type, seen names"]
    assert "not scored: no prediction of the kind" in rows["type, unseen names"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--predictions", "run.jsonl", "--gold", "."), "say which split of it, with --split"),
        (("--predictions", "run.jsonl", "--gold", "gold.jsonl", "--protocol", "best"), "no protocol 'best'"),
        (("--predictions", "none", "--gold", "gold.jsonl"), "none cannot be read"),
        (("--predictions", "gold.jsonl", "--gold", "gold.jsonl"), "gold.jsonl:1: unknown key"),
        (("--predictions", ".", "--gold", "gold.jsonl"), "predictions are a file"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], message: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize("indent", [None, 2])
def test_results_of_ours_are_predictions(indent: int | None, tmp_path: Path) -> None:
    graph = graph_of(says((ANN, "PER", FACE, doubt("type"))), Mllm())
    output = graph.invoke({"text": TOKENS, "id": "a"})
    (tmp_path / "run.jsonl").write_text(json.dumps(output, indent=indent), "utf-8")
    (post,) = read_prediction_lines(tmp_path / "run.jsonl")
    (entity,) = post.entities
    assert (post.id, post.tokens, entity.span, entity.type) == ("a", tuple(TOKENS), ANN, "PER")
    assert entity.uncertainty is not None
    gold = {"id": "a", "tokens": list(TOKENS), "entities": [{"start": ANN.start, "stop": ANN.stop, "type": "PER"}]}
    for prediction in (output, read_result(output)):
        assert score([gold], [prediction])["schemes"]["gmner"]["tasks"]["MNER"]["f1"] == 1.0


def test_faults_in_plain_data_are_named() -> None:
    gold = [gold_to_dict(post) for post in GOLD]
    with pytest.raises(DataError, match=r"gold\[0\]: give text or tokens"):
        score([{**gold[0], "text": "hi"}], [])
    with pytest.raises(DataError, match="post 2 of gold .'b'. has no prediction: 2 gold posts, 1 predictions"):
        score(gold, [prediction_to_dict(RUN[0])])
    odd: Any = "run.jsonl"
    with pytest.raises(DataError, match=r"predictions\[0\] is a str: give a list with a dictionary for each post"):
        score(gold, odd)
    with pytest.raises(DataError, match=r"gold\[0\] is a str"):
        score(odd, [])


def test_scoring_loads_no_model() -> None:
    code = (
        "import sys; from unco.evals import score;"
        "score([{'id': 'a', 'tokens': ['Ann'], 'entities': []}], [{'id': 'a', 'entities': []}]);"
        "print(*sorted({'torch', 'sklearn', 'transformers', 'langgraph', 'scipy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
