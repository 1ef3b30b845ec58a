"""A YAML file is plain data of bounded size, also once its aliases are written out."""

from pathlib import Path

import pytest

from unco.plain_yaml import read_yaml


def written(folder: Path, text: str) -> Path:
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def aliases(depth: int, form: str) -> str:
    """Write aliases of aliases, ten at each step."""
    lines = ["a0: &a0 {x: 1}"]
    for step in range(1, depth):
        inner = ", ".join([f"*a{step - 1}"] * 10)
        lines.append(form.format(step=step, inner=inner))
    return "\n".join(lines)


@pytest.mark.parametrize("form", ["a{step}: &a{step} [{inner}]", "a{step}: &a{step} {{<<: [{inner}]}}"])
@pytest.mark.parametrize("depth", [12, 60])
def test_aliases_of_aliases_are_refused_at_once(tmp_path: Path, form: str, depth: int) -> None:
    with pytest.raises(ValueError, match="too large: more than 100000 values"):
        read_yaml(written(tmp_path, aliases(depth, form)))


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}"])
def test_what_holds_itself_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="too large"):
        read_yaml(written(tmp_path, text))


def test_a_few_aliases_are_fine(tmp_path: Path) -> None:
    assert read_yaml(written(tmp_path, "a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]")) == {
        "a": {"x": 1},
        "b": {"x": 1, "y": 2},
        "c": [{"x": 1}, {"x": 1}],
    }
    assert read_yaml(written(tmp_path, "")) is None
