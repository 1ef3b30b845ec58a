"""Prompt files are found, checked, locked; nothing outside their folder can be opened."""

from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.prompts import available_prompts, changed_prompts, load_prompt, lock_prompts, locked_prompts, registry
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
    return tmp_path


def test_every_attribute_has_its_first_version() -> None:
    assert set(available_prompts()) >= RELEASED


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_prompt_knows_its_name_file_and_purpose(attribute: Attribute) -> None:
    prompt = load_prompt(attribute, "v1")
    assert prompt.id == f"{attribute}/v1"
    assert prompt.answer == attribute
    assert prompt.picture == (attribute != "span")
    assert len(prompt.sha256) == 64
    assert "\n" not in prompt.changelog
    assert load_prompt(attribute, "v1") is prompt


def test_released_prompts_have_not_changed() -> None:
    assert changed_prompts() == []


def test_all_shipped_prompts_are_locked() -> None:
    assert available_prompts() == sorted(locked_prompts()), "run `unco prompts lock`"


def test_a_changed_prompt_is_told_to_become_a_new_version(folder: Path) -> None:
    (folder / "span/v2.yaml").write_text(DRAFT, encoding="utf-8")
    (folder / "locked.yaml").write_text(f"span/v2: {'0' * 64}\nspan/v1: {'1' * 64}\n", encoding="utf-8")
    changed, gone = changed_prompts()
    assert changed.startswith("span/v2")
    assert "make a new version instead" in changed
    assert gone.startswith("span/v1")


@pytest.mark.parametrize("version", ["v99", "", "../type/v1", "v1.yaml", "/etc/passwd"])
def test_an_unknown_version_names_the_ones_there_are(version: str) -> None:
    with pytest.raises(SettingsError, match=r"span prompt: there is .*v1"):
        load_prompt("span", version)


def test_a_new_version_needs_no_code(folder: Path) -> None:
    (folder / "span/v2.yaml").write_text(DRAFT, encoding="utf-8")
    assert available_prompts() == ["span/v2"]
    assert load_prompt("span", "v2").changelog == "A draft."


def test_an_ablation_says_what_it_leaves_out(folder: Path) -> None:
    shorter = DRAFT.replace(" Above $threshold, take care.", "").replace(" $uncertainty", "")
    (folder / "span/v2.yaml").write_text(shorter + "leaves_out: [threshold, uncertainty]\n", encoding="utf-8")
    assert load_prompt("span", "v2").leaves_out == ("threshold", "uncertainty")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("picture: false", "picture: false\ncolour: red", "needs exactly the keys"),
        ("changelog: A draft.", "", "needs exactly the keys"),
        ("version: v2", "version: v3", 'calls itself span/v3: write name: "span" and version: "v2"'),
        ("version: v2", "version: 2", 'calls itself span/2: write name: "span" and version: "v2"'),
        ("picture: false", "picture: maybe", "picture must be true, false or marked"),
        ("answer: span", "answer: colour", "answer must be one of"),
        ("$text", "$txt", r"uses the placeholders .*txt"),
        ("$uncertainty", "", r"lacks the placeholders .*uncertainty"),
        ("$uncertainty", "$uncertainty $facts", r"uses the placeholders .*facts"),
        ("user: ", "leaves_out: [text]\nuser: ", r"names .*text.* in leaves_out"),
        ("user: ", "leaves_out: 5\nuser: ", "leaves_out must be a list"),
        ("picture: false", "picture: marked", "only the picture of a prompt of region or close_up can be marked"),
        ("user: ", "reasoning: some\nuser: ", "reasoning true or false"),
        ("user: ", "demonstrations: [{text: a}]\nuser: ", "a demonstration needs"),
        ("user: ", "extra: 1\nuser: ", "needs exactly the keys"),
        ("changelog: A draft.", "changelog: 5", "must be text"),
        ("take care", "pay 5 $", r"lone \$"),
        ("name: span", "name: [span", "is not YAML"),
        (DRAFT, "just words", "needs exactly the keys"),
    ],
)
def test_a_faulty_file_is_refused(folder: Path, before: str, after: str, message: str) -> None:
    (folder / "span/v2.yaml").write_text(DRAFT.replace(before, after), encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_prompt("span", "v2")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, beside the package's prompts."""
    (tmp_path / "own" / "span").mkdir(parents=True)
    monkeypatch.setenv("UNCO_PROMPTS", str(tmp_path / "own"))
    return tmp_path / "own"


def test_a_folder_of_ones_own_is_found_beside_the_package(own: Path) -> None:
    (own / "span/mine.yaml").write_text(DRAFT.replace("version: v2", "version: mine"), encoding="utf-8")
    assert {"span/mine", *RELEASED} <= set(available_prompts())
    assert load_prompt("span", "mine").changelog == "A draft."
    assert load_prompt("span", "v1").changelog.startswith("First version")


def test_ones_own_cannot_take_the_place_of_the_packages(own: Path) -> None:
    (own / "span/v1.yaml").write_text(DRAFT.replace("version: v2", "version: v1"), encoding="utf-8")
    with pytest.raises(SettingsError, match="name of a prompt that is there already"):
        load_prompt("span", "v1-no-cot")


def test_a_missing_folder_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_PROMPTS", "/nowhere/at/all")
    with pytest.raises(SettingsError, match="is no folder"):
        available_prompts()


def test_ones_own_prompts_have_a_lock_of_their_own(own: Path) -> None:
    draft = own / "span/mine.yaml"
    draft.write_text(DRAFT.replace("version: v2", "version: mine"), encoding="utf-8")
    before = (registry.FOLDER / "locked.yaml").read_bytes()
    assert lock_prompts() == ["span/mine"]
    assert lock_prompts() == []
    assert "span/mine: " in (own / "locked.yaml").read_text(encoding="utf-8")
    assert (registry.FOLDER / "locked.yaml").read_bytes() == before
    draft.write_text(draft.read_text(encoding="utf-8").replace("A draft", "Changed"), encoding="utf-8")
    (own / "span/more.yaml").write_text(DRAFT.replace("version: v2", "version: more"), encoding="utf-8")
    with pytest.raises(SettingsError, match="span/mine is not what was released"):
        lock_prompts()
    assert "span/more" not in locked_prompts()


def test_a_file_that_is_no_prompt_is_not_locked(folder: Path) -> None:
    (folder / "span/v2.yaml").write_text(DRAFT.replace("$text", ""), encoding="utf-8")
    with pytest.raises(SettingsError, match="lacks the placeholders"):
        lock_prompts()
    assert not (folder / "locked.yaml").exists()
