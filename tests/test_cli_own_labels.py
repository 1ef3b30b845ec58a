"""`unco compare` and `unco tune` in types of a user's own, with the shipped small model and a simulated MLLM."""

import json
from pathlib import Path

import pytest

from tests.command_line import exit_code
from unco.evals.formats.detect_format import read_predictions
from unco.evals.tuning.recorded.paths import read_paths
from unco.tools.extraction.policy import read_policy

GOLD = (
    ("a", "Ann Lee sings in Oslo", [(0, 2, "artist"), (4, 5, "town")]),
    ("b", "NASA hires Bo Diaz", [(0, 1, "agency"), (2, 4, "artist")]),
)
COMMON = ("--gold", "gold.jsonl", "--profile", "profile.yaml", "--labels", "types.yaml")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("UNCO_LLM_BASE_URL", "UNCO_SETTINGS", "UNCO_RECORDING", "UNCO_POLICY"):
        monkeypatch.delenv(name, raising=False)
    lines = [
        {"id": name, "text": text, "entities": [{"start": a, "stop": b, "type": kind} for a, b, kind in found]}
        for name, text, found in GOLD
    ]
    Path("gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    Path("profile.yaml").write_text("right: {span: 1, type: 1, region: 1}\n")
    Path("types.yaml").write_text(
        "".join(f"- {{name: {name}, description: such}}\n" for name in ("artist", "town", "agency"))
    )


def test_arms_are_compared_in_the_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arms = ("--arm", "variant=small_only", "--arm", "type_threshold=0.5")
    assert exit_code(monkeypatch, "compare", *COMMON, *arms, "--json", "--out", "out") == 0
    small, asked = json.loads(capsys.readouterr().out)["arms"]
    assert small["f1"]["MNER"]["value"] == 0, "nobody said the types"
    assert asked["f1"]["MNER"]["value"] == asked["f1"]["EEG"]["value"] > 0.8
    assert asked["against_first"]["MNER"]["f1"] > 0.8
    assert asked["flips"]["wrong_to_right"] >= 4
    assert {post.types for post in read_predictions(Path("out/arm-2.jsonl"))} == {("artist", "town", "agency")}
    flip = json.loads(Path("out/flips-2.jsonl").read_text().splitlines()[0])
    assert (flip["small_model"], flip["first"]["value"], flip["other"]["value"]) == ("untyped", "untyped", "artist")


def test_thresholds_are_chosen_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exit_code(monkeypatch, "tune", *COMMON, "--record", "paths.jsonl", "--task", "MNER") == 0
    policy = read_policy(Path("policy.yaml"))
    assert policy.thresholds.type < 1, "each type is asked about"
    assert any("list of your own (artist, town, agency)" in note for note in policy.notes)
    assert policy.expected["MNER"].value > 0.8
    assert all(post.extraction.own_labels for post in read_paths(Path("paths.jsonl")).posts)


def test_gold_of_other_types_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("types.yaml").write_text("- {name: town, description: such}\n")
    for line in (("tune",), ("compare", "--arm", "type=v1", "--arm", "type=v2")):
        assert exit_code(monkeypatch, line[0], *COMMON, *line[1:]) == 2
        assert "gold has the types agency, artist, which are not among the labels" in capsys.readouterr().err
