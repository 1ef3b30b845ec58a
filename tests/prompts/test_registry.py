"""Prompt files are found, checked, locked; nothing outside their folder can be opened."""

from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.prompts import available_prompts, changed_prompts, load_prompt, registry
from unco.types import ATTRIBUTES, Attribute

RELEASED = {f"{attribute}/v1" for attribute in ATTRIBUTES}

DRAFT = """\
name: span
version: v2
answer: span
picture: false
changelog: A draft.
system: Correct it. Above $threshold, take care.
user: <post>$text</post> <entity>$entity</entity> $uncertainty
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty prompt folder in place of the package's."""
    (tmp_path / "span").mkdir()
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    load_prompt.cache_clear()
    yield tmp_path
    load_prompt.cache_clear()


def test_every_attribute_has_its_first_version():
    assert set(available_prompts()) >= RELEASED


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_prompt_knows_its_name_file_and_purpose(attribute: Attribute):
    prompt = load_prompt(attribute, "v1")
    assert prompt.id == f"{attribute}/v1"
    assert prompt.answer == attribute
    assert prompt.picture == (attribute != "span")
    assert len(prompt.sha256) == 64
    assert "\n" not in prompt.changelog
    assert load_prompt(attribute, "v1") is prompt


def test_released_prompts_have_not_changed():
    assert changed_prompts() == []


def test_all_shipped_prompts_are_locked():
    lock = (registry.FOLDER / "locked.yaml").read_text(encoding="utf-8")
    missing = [f"{found}: {registry._hash(registry.FOLDER / f'{found}.yaml')}" for found in available_prompts()]
    assert [line for line in missing if line not in lock] == [], "add these lines to locked.yaml"


def test_a_changed_prompt_is_told_to_become_a_new_version(folder: Path):
    (folder / "span/v2.yaml").write_text(DRAFT, encoding="utf-8")
    (folder / "locked.yaml").write_text(f"span/v2: {'0' * 64}\nspan/v1: {'1' * 64}\n", encoding="utf-8")
    changed, gone = changed_prompts()
    assert changed.startswith("span/v2")
    assert "make a new version instead" in changed
    assert gone.startswith("span/v1")


@pytest.mark.parametrize("version", ["v99", "", "../type/v1", "v1.yaml", "/etc/passwd"])
def test_an_unknown_version_names_the_ones_there_are(version: str):
    with pytest.raises(SettingsError, match=r"span prompt: there is .*v1"):
        load_prompt("span", version)


def test_a_new_version_needs_no_code(folder: Path):
    (folder / "span/v2.yaml").write_text(DRAFT, encoding="utf-8")
    assert available_prompts() == ["span/v2"]
    assert load_prompt("span", "v2").changelog == "A draft."


def test_an_ablation_says_what_it_leaves_out(folder: Path):
    shorter = DRAFT.replace(" Above $threshold, take care.", "").replace(" $uncertainty", "")
    (folder / "span/v2.yaml").write_text(shorter + "leaves_out: [threshold, uncertainty]\n", encoding="utf-8")
    assert load_prompt("span", "v2").leaves_out == ("threshold", "uncertainty")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("picture: false", "picture: false\ncolour: red", "needs exactly the keys"),
        ("changelog: A draft.", "", "needs exactly the keys"),
        ("version: v2", "version: v3", "calls itself span/v3"),
        ("picture: false", "picture: maybe", "picture true or false"),
        ("answer: span", "answer: colour", "answer must be one of"),
        ("$text", "$txt", r"uses the placeholders .*txt"),
        ("$uncertainty", "", "uses the placeholders"),
        ("take care", "pay 5 $", r"lone \$"),
        ("name: span", "name: [span", "is not YAML"),
        (DRAFT, "just words", "needs exactly the keys"),
    ],
)
def test_a_faulty_file_is_refused(folder: Path, before: str, after: str, message: str):
    (folder / "span/v2.yaml").write_text(DRAFT.replace(before, after), encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_prompt("span", "v2")
