"""One recipe with several values of a setting."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.small_model.saved_models import save
from tests.training.made_data import write_data
from tests.training.test_run import recipe_file
from unco.cli import app
from unco.errors import SettingsError
from unco.evals.paper.trained_models import read_trained_model
from unco.training import sweep as sweeping
from unco.training.examples.data_paths import DataPaths
from unco.training.sweep import run_sweep, sweep_values


def test_each_value_changes_the_recipe_and_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[Path, Sequence[str]]] = []

    def train(_: Any, recipe: str, out: Path, resume: bool, changes: Sequence[str], tell: Any) -> None:
        runs.append((out, changes))

    monkeypatch.setattr(sweeping, "run_training", train)
    told: list[str] = []
    paths = DataPaths(tmp_path)
    found = list(run_sweep(paths, "gmner-paper", tmp_path, "debiasing=0.1, 1.0", False, ["seed=2"], told.append))
    assert found == [("debiasing=0.1", None), ("debiasing=1.0", None)]
    assert runs == [
        (tmp_path / "0.1", ["seed=2", "debiasing=0.1"]),
        (tmp_path / "1.0", ["seed=2", "debiasing=1.0"]),
    ]
    assert told[0] == f"training with debiasing=0.1, in {tmp_path / '0.1'}"


@pytest.mark.parametrize("sweep", ["debiasing", "=1", "debiasing=", "debiasing=0.1,,0.2", "debiasing=0.1,0.1"])
def test_what_is_no_sweep_is_refused(sweep: str) -> None:
    with pytest.raises(SettingsError, match="a sweep is name=value,value"):
        sweep_values(sweep)


@pytest.mark.parametrize("value", ["a/b", "..", "."])
def test_a_value_that_cannot_name_a_folder_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="hold no slash"):
        sweep_values(f"start_from={value}")


def test_all_values_are_checked_before_the_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "run_training", pytest.fail)
    with pytest.raises(SettingsError, match="dropout must be in"):
        next(run_sweep(DataPaths(tmp_path), "gmner-paper", tmp_path, "dropout=0.1,2"))
    with pytest.raises(SettingsError, match="expected settings among"):
        next(run_sweep(DataPaths(tmp_path), "gmner-paper", tmp_path, "drop=0.1,0.2"))


@pytest.mark.slow
def test_the_command_trains_the_models_of_table_7(tmp_path: Path) -> None:
    data, encoder = write_data(tmp_path / "data", fine=False), tmp_path / "encoder"
    save(encoder, "bert")
    settings = ["--gold", str(data), "--recipe", recipe_file(tmp_path, encoder), "--out", str(tmp_path / "runs")]
    result = CliRunner().invoke(app, ["train", *settings, "--sweep", "debiasing=0.1,0.6"])
    assert result.exit_code == 0, result.output
    assert "debiasing=0.1" in result.output
    models = [str(tmp_path / "runs" / weight / "checkpoint") for weight in ("0.1", "0.6")]
    assert [read_trained_model(model).gamma for model in models] == [0.1, 0.6]
    page = ["reproduce", "table7", "--mode", "off", "--posts", "1", "--gold", str(data), "--checkpoint", models[0]]
    result = CliRunner().invoke(app, [*page, "--other", models[1]])
    assert result.exit_code == 0, result.output
    assert "Table 7" in result.output
