"""`unco doctor` on this machine: a failed check says what to do."""

import json
import shutil
import sqlite3
import tomllib
from pathlib import Path

import pytest

from tests.command_line import exit_code
from unco.doctor import machine
from unco.doctor.check import Check, healthy
from unco.doctor.machine import (
    EXTRAS,
    check_cache,
    check_checkpoint,
    check_extras,
    check_python,
    check_torch,
    check_writing,
    is_installed,
)
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.regions import faces
from unco.tools.llm.cache.store import Cache


def test_an_old_python_is_a_fault() -> None:
    assert check_python((3, 11)).state == "ok"
    assert (check_python((3, 10)).state, check_python((3, 10)).found) == ("fault", "3.10")


def test_the_check_of_torch_names_its_device() -> None:
    assert "CUDA" in check_torch().found


def test_the_shipped_checkpoint_is_known_by_its_hash_and_a_damaged_one_is_a_fault(tmp_path: Path) -> None:
    whole = check_checkpoint()
    assert (whole.state, whole.found.split(",")[0]) == ("ok", "tweets-minilm")
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "copy"))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert check_checkpoint(str(copy)).state == "fault"


def test_a_missing_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    checks = {check.name: check for check in check_extras()}
    assert checks["extra vision"].state == "warning"
    assert {checks[f"extra {name}"].state for name in ("studio", "ray")} == {"skipped"}
    assert "pip install 'unco[ray]'" in checks["extra ray"].advice
    assert "pip install 'unco[vision]'" in checks["extra vision"].advice


def test_each_extra_is_checked() -> None:
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert {check.name for check in check_extras()} == {f"extra {name}" for name in extras if name != "dev"}


def test_a_module_of_a_package_that_is_not_there_is_not_there() -> None:
    assert is_installed("unco.doctor")
    assert not is_installed("no_such_package.inside")


def test_a_damaged_face_detector_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in EXTRAS["vision"][0]:
        pytest.importorskip(package, reason="needs the vision extra")
    monkeypatch.setattr(faces, "WEIGHTS", tmp_path / "model.onnx")
    (check,) = (check for check in check_extras() if check.name == "extra vision")
    assert check.state == "fault"
    assert "model.onnx cannot be read" in check.found


def test_a_folder_that_cannot_be_written_to_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    found = check_writing(tmp_path / "file" / "cache")
    assert found.state == "fault"
    assert "UNCO_CACHE_DIR" not in found.advice  # it is set
    monkeypatch.delenv("UNCO_CACHE_DIR")
    assert "UNCO_CACHE_DIR" in check_writing(tmp_path / "file" / "cache").advice
    assert check_writing(tmp_path / "new").state == "ok"


def test_damaged_rows_and_a_broken_database_are_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put("a", "{}")
    assert check_cache(tmp_path / "cache").state == "ok"
    cache.close()
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as rows:
        rows.execute("UPDATE Cache SET value = 'spoilt'")
    rows.close()
    found = check_cache(tmp_path / "cache")
    assert (found.state, "1 damaged" in found.found, "--mend" in found.advice) == ("warning", True, True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cache.db").write_bytes(b"no database " * 500)
    assert check_cache(tmp_path / "other").state == "fault"


def test_a_warning_is_no_fault() -> None:
    assert healthy([Check("a", "ok", ""), Check("b", "warning", ""), Check("c", "skipped", "")])
    assert not healthy([Check("a", "ok", ""), Check("b", "fault", "")])


def test_the_command_prints_json_and_ends_with_zero_when_all_is_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(monkeypatch, "doctor", "--json") == 0
    checks = json.loads(capsys.readouterr().out)
    assert {"python", "torch", "checkpoint", "cache", "write access", "endpoint"} <= {one["name"] for one in checks}
    assert checks[-1]["state"] == "skipped"


def test_the_command_ends_with_one_where_something_does_not_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("UNCO_LLM_MODEL", "qwen2.5-vl")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up")
    assert exit_code(monkeypatch, "doctor") == 1
    shown = capsys.readouterr().out
    assert "fault" in next(row for row in shown.splitlines() if "endpoint" in row)
    assert "sk-made-up" not in shown
