"""Train one recipe with several values of a setting, one run after another."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from unco.errors import SettingsError
from unco.training.examples.data_paths import DataPaths
from unco.training.model_report import ModelReport
from unco.training.recipe import read_recipe, recipe_path
from unco.training.run import Tell, default_recipe, run_training, silent


def sweep_values(sweep: str) -> dict[str, str]:
    """Read a sweep, `name=value,value,...`: the change of the recipe by the value, which names a run's folder.

    Raises:
        SettingsError: it is no such text, names a value twice, or one that cannot name a folder.
    """
    name, mark, listed = sweep.partition("=")
    values = [value.strip() for value in listed.split(",")]
    if not mark or not name.strip() or not all(values) or len(set(values)) < len(values):
        raise SettingsError(f"a sweep is name=value,value,... with different values, got {sweep!r}")
    if any(Path(value).name != value or value == ".." for value in values):
        raise SettingsError(f"values of a sweep name folders, so they hold no slash and are no dots: got {sweep!r}")
    return {value: f"{name.strip()}={value}" for value in values}


def run_sweep(
    paths: DataPaths,
    recipe_name: str | None,
    out: Path,
    sweep: str,
    resume: bool = False,
    changes: Sequence[str] = (),
    tell: Tell = silent,
) -> Iterator[tuple[str, ModelReport | None]]:
    """Train once for each value; all are checked before the first run.

    Args:
        sweep: see `sweep_values`.
        out: has a folder for each value.
        paths: this and the rest are as of `run_training`.
        recipe_name: of each run.
        resume: go on where a sweep was broken off.
        changes: that all runs have.
        tell: called with each step.

    Yields:
        The change of a run, and its scores.

    Raises:
        SettingsError: the recipe has no such setting, or a value is none of its values.
        DataError: as of `run_training`.
        SetupError: the same.
    """
    runs = sweep_values(sweep)
    path = recipe_path(recipe_name or default_recipe(paths))
    for change in runs.values():
        read_recipe(path, [*changes, change])
    for value, change in runs.items():
        tell(f"training with {change}, in {out / value}")
        yield change, run_training(paths, recipe_name, out / value, resume, [*changes, change], tell)
