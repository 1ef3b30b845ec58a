"""What a command writes does not take the place of what it reads, and a name that cannot be written is an error."""

from pathlib import Path

import pytest

from tests.command_line import exit_code
from unco.cli.app import in_home

LINE = '{"id": "1", "tokens": ["Ann"], "entities": [{"start": 0, "stop": 1, "type": "PER", "region": null}]}\n'

WAYS = (
    "export run.jsonl --to csv --out run.jsonl",
    "export run.jsonl --to jsonl --out ./link.jsonl",
    "export run.jsonl --to coco --gold gold.jsonl --out gold.jsonl",
    "export run.jsonl --to conll --gold data --split test --out data",
    "review-queue run.jsonl --out run.jsonl",
    "import-review run.jsonl --out folder/../run.jsonl",
    "report run.jsonl --out run.jsonl",
    "report run.jsonl --gold gold.jsonl --out gold.jsonl",
    "tune --paths run.jsonl --out run.jsonl",
    "tune --gold gold.jsonl --record gold.jsonl",
    "extract Ann --image run.jsonl --annotate run.jsonl",
)


@pytest.mark.parametrize("way", WAYS)
def test_no_command_writes_over_what_it_reads(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data", "txt").mkdir(parents=True)
    Path("folder").mkdir()
    files = [Path("run.jsonl"), Path("gold.jsonl"), Path("data", "txt", "test.txt")]
    for file in files:
        file.write_text(LINE)
    Path("link.jsonl").symlink_to("run.jsonl")
    assert exit_code(monkeypatch, *way.split()) == 2
    assert "is what this command reads: name another" in capsys.readouterr().err
    assert [file.read_text() for file in files] == [LINE] * 3


def test_the_home_folder_behind_an_equals_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "run.jsonl").write_text(LINE)
    assert exit_code(monkeypatch, "export", "home/run.jsonl", "--to=jsonl", "--out=~/sub/out.jsonl") == 0
    assert (tmp_path / "home" / "sub" / "out.jsonl").read_text() == LINE
    assert not (tmp_path / "~").exists()
    assert [in_home(one) for one in ("--text=~/a", "~/a", "--to=a~", "--text")] == [
        "--text=~/a",
        "~/a",
        "--to=a~",
        "--text",
    ]
    Path("~").mkdir()
    assert in_home("--out=~/a") == "--out=~/a"


@pytest.mark.parametrize("out", ["", ".", "/"])
def test_results_need_a_name(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("posts.jsonl").write_text('{"text": "Ann"}\n')
    assert exit_code(monkeypatch, "run", "posts.jsonl", "--out", out) == 2
    assert "name a file of results: --out results.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "out", "told"),
    [
        ("conll", "run.jsonl/out", "cannot be written: Not a directory"),
        ("official", "run.jsonl/out", "cannot be written"),
        ("official", "folder", "cannot be written: Is a directory"),
        ("label-studio", "tasks.xml", "name the tasks tasks.json"),
        ("csv", "run.xlsx", "run.xlsx is named as something else than csv is written as: name it run.csv"),
        ("csv", "run.csv.gz", "name it run.csv"),
        ("coco", "run.csv", "name it run.json"),
        ("jsonl", "run.jsonl.zip", "name it run.jsonl"),
    ],
)
def test_an_export_that_cannot_be_written_is_named(
    form: str, out: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run.jsonl").write_text(LINE)
    Path("folder").mkdir()
    assert exit_code(monkeypatch, "export", "run.jsonl", "--to", form, "--out", out) in (2, 3)
    assert told in capsys.readouterr().err
    assert sorted(path.name for path in Path().iterdir()) == ["folder", "run.jsonl"]
