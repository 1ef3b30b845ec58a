"""What makes a simulated model err more: types, names that are not known, small boxes."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from tests.evals.simulation.ask_simulation import GOLD, HALF, TEXT, about, answer_text, question
from unco.errors import SettingsError
from unco.evals.simulation import Profile, read_profile, simulate
from unco.evals.simulation.harder import profile_for
from unco.evals.simulation.profile import Harder, Losses

KEYS = ("corrected_entity", "corrected_type", "corrected_bounding_box")
RIGHT = ["Ann Lee", "PER", [10, 5, 40, 45]]
ANN, OWLS, OSLO = GOLD.entities
ALL_LOST = Losses(span=1, type=1, region=1)


def answers(profile: Profile, entity: str = "Lee", names: tuple[str, ...] = ()) -> list[object]:
    with simulate([GOLD], "gpt-4o", profile, names=names) as simulation:
        asked = question(about(TEXT, entity), *KEYS, size=HALF)
        found = json.loads(answer_text(simulation.url, asked) or "")
    return [found[key] for key in KEYS]


def test_one_attribute_of_one_type_is_lost() -> None:
    profile = Profile(harder=(Harder(types=("PER",), lost=Losses(type=1)),))
    words, kind, box = answers(profile)
    assert (words, box) == (RIGHT[0], RIGHT[2])
    assert kind != "PER"
    assert answers(profile, "Owls")[1] == "ORG"


def test_a_coarser_type_stands_for_its_finer_ones() -> None:
    for name in ("city", "location", "LOC"):
        profile = Profile(harder=(Harder(types=(name,), lost=ALL_LOST),))
        assert profile_for(OSLO, GOLD, profile, ()).right.type == 0


def test_a_name_is_known_whatever_its_case_and_spaces() -> None:
    profile = Profile(harder=(Harder(known=False, lost=ALL_LOST),))
    assert answers(profile, names=("ann  LEE",)) == RIGHT
    assert RIGHT not in [answers(profile), answers(profile, names=("Ann",))]


def test_small_boxes_are_those_whose_largest_is_small() -> None:
    profile = Profile(harder=(Harder(box_below=0.25, lost=ALL_LOST),))
    found = [profile_for(entity, GOLD, profile, ()).right.region for entity in (ANN, OWLS, OSLO)]
    assert found == [0.0, 1.0, 1.0]  # 60 x 80 and 100 x 50 of 200 x 100; the owls are not in the picture


def test_all_that_is_given_must_hold_and_what_holds_adds_up() -> None:
    both = Harder(types=("PER",), known=True, lost=Losses(span=0.5))
    profile = Profile(harder=(both, Harder(lost=Losses(span=0.5)), Harder(types=("ORG",), lost=ALL_LOST)))
    assert profile_for(ANN, GOLD, profile, {"ann lee"}).right.span == 0.25
    assert profile_for(ANN, GOLD, profile, ()).right.span == 0.5
    assert profile_for(None, GOLD, profile, ()) == profile


def test_without_anything_harder_answers_are_those_of_before() -> None:
    erring = Profile(right={"span": 0.5, "type": 0.5, "region": 0.5})
    assert answers(erring) == answers(erring.model_copy(update={"harder": (Harder(types=("ORG",), lost=ALL_LOST),)}))


def test_the_shipped_profiles_are_read() -> None:
    folder = Path(str(files("unco.evals.simulation") / "profiles"))
    found = {path.stem: read_profile(path) for path in folder.glob("*.yaml")}
    assert {name for name, profile in found.items() if profile.harder} == {"types", "names", "boxes"}
    assert found["even"].right != Profile().right


@pytest.mark.parametrize("line", ["{types: ORG, lost: {}}", "{lost: {type: 2}}", "{known: maybe, lost: {}}", "{}"])
def test_a_broken_profile_is_one_error(line: str, tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text(f"harder: [{line}]\n")
    with pytest.raises(SettingsError, match="harder"):
        read_profile(path)
