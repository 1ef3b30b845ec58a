"""`unco compare` and `unco reproduce`: a folder of a data set, the shipped small model, a simulated MLLM."""

import json
from pathlib import Path

import pytest

from tests.command_line import Run, exit_code
from unco.evals.formats.conll_voc import write_folder
from unco.types import Box, GoldEntity, GoldPost, Span

POSTS = [
    GoldPost("a", ("Ann", "Lee", "sings", "in", "Oslo"), (
        GoldEntity(Span(0, 2), "musician", (Box(20, 20, 180, 200),)), GoldEntity(Span(4, 5), "city", ())), (320, 240)),
    GoldPost("b", ("NASA", "hires", "Bo", "Diaz"), (
        GoldEntity(Span(0, 1), "organization_other", ()), GoldEntity(Span(2, 4), "person_other", (Box(0, 0, 99, 99),))),
        (200, 100)),
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for split in ("train", "test"):
        write_folder(POSTS, tmp_path / "data", split)
    (tmp_path / "profile.yaml").write_text("right: {span: 1, type: 1, region: 1}\n")
    monkeypatch.chdir(tmp_path)
    for name in ("UNCO_LLM_BASE_URL", "UNCO_SETTINGS", "UNCO_RECORDING"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> tuple[int, str, str]:
        return exit_code(monkeypatch, *arguments), *capsys.readouterr()

    return command


def test_arms_on_a_data_set(run: Run) -> None:
    arms = ("--arm", "variant=small_only", "--arm", "variant=correct_all")
    code, printed, _ = run("compare", "--gold", "data", "--profile", "profile.yaml", *arms, "--json", "--out", "out")
    found = json.loads(printed)
    assert code == 0
    assert found["posts"] == 2
    small, everything = found["arms"]
    assert (small["calls"], everything["calls"]) == (0, 3 * small["entities"])
    assert everything["f1"]["GMNER"]["value"] >= small["f1"]["GMNER"]["value"]
    assert everything["usd_if_none_were_cached"] > 0
    assert json.loads(Path("out/comparison.json").read_text()) == found
    assert len(Path("out/arm-2.jsonl").read_text().splitlines()) == 2


def test_a_table_of_the_paper_on_a_data_set(run: Run) -> None:
    code, printed, _ = run("reproduce", "table5", "--gold", "data", "--profile", "profile.yaml", "--posts", "1")
    assert code == 0
    assert (
        "1 posts of test, 2 gold entities of 4 types. Small model: tweets-minilm. MLLM: simulated-qwen2.5-vl."
        in printed
    )
    assert "| w/o CoT |        61.62 | 81.04 | 66.41 |" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", "--gold", "data", "--arm", "span=v1", "--arm", "span=v2"), "no MLLM to ask"),
        (("compare", "--gold", "data", "--profile", "profile.yaml", "--arm", "span=v1"), "two arms or more"),
        (
            ("compare", "--gold", "none", "--profile", "profile.yaml", "--arm", "span=v1", "--arm", "a=b"),
            "is no choice",
        ),
        (
            ("reproduce", "table1", "--gold", "data", "--profile", "profile.yaml", "--detector", "ssd"),
            "--profile shows blank pictures",
        ),
        (("reproduce", "table9", "--gold", "data", "--profile", "profile.yaml"), "cannot reproduce table9"),
        (("reproduce", "table1", "--gold", "none", "--profile", "profile.yaml"), "none"),
        (("reproduce", "table1", "--gold", "data", "--profile", "none.yaml"), "none.yaml cannot be read"),
    ],
)
def test_what_cannot_be_run_is_reported(run: Run, arguments: tuple[str, ...], message: str) -> None:
    code, _, error = run(*arguments)
    assert code == 2
    assert message in " ".join(error.split())
