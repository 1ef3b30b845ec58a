import re
from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.small_model.config import GMNER_LABELS
from unco.small_model.label_schemes import COARSE_OF, FMNERG_LABELS, GMNER_OF, PERSON_TYPES, label_scheme, read_labels


def test_there_are_51_types_of_8_coarse_ones() -> None:
    names = [label.name for label in FMNERG_LABELS]
    assert len(names) == len(set(names)) == 51
    assert set(names) == COARSE_OF.keys() == GMNER_OF.keys()
    assert len(set(COARSE_OF.values())) == 8
    assert set(GMNER_OF.values()) == {label.name for label in GMNER_LABELS}


def test_each_description_is_one_sentence_of_its_own() -> None:
    descriptions = [label.description for label in FMNERG_LABELS]
    assert len(set(descriptions)) == 51
    for description in descriptions:
        assert re.fullmatch(r"[A-Z][^.]{20,}\.", description), description


def test_people_of_either_scheme() -> None:
    assert {name for name, coarse in COARSE_OF.items() if coarse == "person"} | {"PER", "person"} == PERSON_TYPES
    assert all(GMNER_OF.get(name, "PER") == "PER" for name in PERSON_TYPES)


def test_types_of_a_users_own_may_be_persons(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.yaml"
    path.write_text("- {name: chef, description: Cooks., person: true}\n- {name: place, description: A town.}\n")
    scheme = label_scheme(str(path))
    assert (scheme.name, [label.name for label in scheme.labels], scheme.people) == (
        "kitchen",
        ["chef", "place"],
        ("chef",),
    )
    assert read_labels(path) == scheme.labels
    path.write_text("- {name: chef, description: Cooks., person: perhaps}\n")
    with pytest.raises(SettingsError, match="person"):
        label_scheme(str(path))
