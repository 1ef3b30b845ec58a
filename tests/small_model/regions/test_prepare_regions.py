"""Region files for a folder of pictures: what is written, what is kept, what is reported; through the command too."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from tests.command_line import exit_code
from tests.small_model.regions.features import features_of
from tests.small_model.regions.tiny_vision import noise, save_clip, save_owlvit, save_yolos
from unco.errors import DataError, PictureError, SettingsError, SetupError
from unco.small_model.regions.detectors import TransformersDetector
from unco.small_model.regions.faces_and_text import FacesAndText
from unco.small_model.regions.merged_regions import MergedRegions
from unco.small_model.regions.prepare_regions import prepare_regions, select_provider, write_settings
from unco.small_model.regions.region import Featuriser, Region, RegionProvider, whole_picture
from unco.small_model.regions.region_files import RegionFolder, read_region_file, write_region_file
from unco.types import Box

SIZE = (90, 60)
FOUND = [Region(Box(1, 2, 30, 40), "person", score=0.5), Region(Box(5, 5, 60, 20), "text", "Blue Owls \u2713", 0.25)]


def provider(image: Image.Image, source: str) -> list[Region]:
    return list(FOUND)


def featuriser(image: Image.Image, regions: Sequence[Region]) -> list[Region]:
    return [replace(region, features=np.full(4, index, np.float32)) for index, region in enumerate(regions)]


def opened(path: str) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise PictureError(f"{path} is not a picture") from error


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed, name in enumerate(("b.jpg", "a.PNG", "c.webp")):
        noise(SIZE, seed).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    (folder / "d.jpg").mkdir()
    (folder / "._b.jpg").write_bytes(b"what macOS says of b.jpg")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def prepare(
    pictures: Path, out: Path, found: RegionProvider = provider, looks: Featuriser | None = None
) -> tuple[int, str]:
    said = io.StringIO()
    written = prepare_regions(pictures, out, found, looks, opened, Console(file=said, width=200))
    return written, said.getvalue()


def test_one_file_for_each_picture(pictures: Path, out: Path) -> None:
    written, _ = prepare(pictures, out)
    assert written == 3
    assert sorted(path.name for path in out.iterdir()) == ["a.PNG.npz", "b.jpg.npz", "c.webp.npz"]
    assert read_region_file(out / "b.jpg.npz") == [*FOUND, whole_picture(SIZE)]
    assert RegionFolder(out)(noise(SIZE), "elsewhere/c.webp") == [*FOUND, whole_picture(SIZE)]
    for post_id in ("a", "b", "c"):
        assert RegionFolder(out).for_id(post_id) == [*FOUND, whole_picture(SIZE)]


def test_features_of_each_region_and_the_picture(pictures: Path, out: Path) -> None:
    prepare(pictures, out, looks=featuriser)
    regions = read_region_file(out / "b.jpg.npz")
    assert [features_of(region).tolist() for region in regions] == [
        [0] * 4,
        [1] * 4,
        [2] * 4,
    ]


def test_a_rerun_goes_on_where_it_stopped(pictures: Path, out: Path) -> None:
    shown: list[str] = []

    def stops(image: Image.Image, source: str) -> list[Region]:
        shown.append(Path(source).name)
        if len(shown) == 2:
            raise SetupError("out of order")
        return FOUND

    with pytest.raises(SetupError):
        prepare(pictures, out, stops)
    assert prepare(pictures, out, stops)[0] == 2
    assert shown == ["a.PNG", "b.jpg", "b.jpg", "c.webp"]
    assert prepare(pictures, out, stops)[0] == 0


def test_broken_pictures_are_named_and_the_others_written(pictures: Path, out: Path) -> None:
    (pictures / "b.jpg").write_bytes(b"no picture")
    printed = io.StringIO()
    with pytest.raises(DataError, match="1 of 3 pictures could not be used, named above"):
        prepare_regions(pictures, out, provider, None, opened, Console(file=printed, width=200))
    assert "b.jpg: " in printed.getvalue()
    assert sorted(path.name for path in out.iterdir()) == ["a.PNG.npz", "c.webp.npz"]


def test_a_region_file_that_cannot_be_written_is_named_and_leaves_no_part(
    pictures: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: io.BufferedWriter, **arrays: object) -> None:
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(SetupError, match=r"a\.PNG\.npz cannot be written: No space left on device: .*goes on"):
        prepare(pictures, out)
    assert list(out.iterdir()) == []


def test_a_folder_without_pictures_is_named(tmp_path: Path, out: Path) -> None:
    for folder in (out, tmp_path / "none"):
        with pytest.raises(DataError, match="no pictures in"):
            prepare(folder, out)


def test_the_provider_that_is_asked_for(tmp_path: Path) -> None:
    assert isinstance(select_provider(None, None, ()), FacesAndText)
    files = select_provider(tmp_path, None, ())
    assert isinstance(files, RegionFolder)
    assert files.folder == tmp_path
    plain = select_provider(None, "some/model", ())
    assert isinstance(plain, MergedRegions)
    assert isinstance(plain.detector, TransformersDetector)
    asked = select_provider(None, "some/model", ("logo", "man"))
    assert isinstance(asked, MergedRegions)
    assert isinstance(asked.detector, TransformersDetector)
    assert (asked.detector.task, asked.detector.labels) == ("zero-shot-object-detection", ("logo", "man"))
    with pytest.raises(SettingsError, match="give one of --boxes and --detector"):
        select_provider(tmp_path, "some/model", ())
    with pytest.raises(SettingsError, match="give --detector too"):
        select_provider(None, None, ("logo",))


def test_a_folder_is_made_with_one_kind_of_settings(out: Path) -> None:
    write_settings(out, {"features": "one"})
    write_settings(out, {"features": "two"})  # nothing is there yet: the first may have been a misprint
    write_region_file(out / "1.npz", FOUND, SIZE)
    write_settings(out, {"features": "two"})
    with pytest.raises(SettingsError, match="made with other settings"):
        write_settings(out, {"features": "one"})


def test_a_folder_made_elsewhere_is_left_alone(out: Path, tmp_path: Path) -> None:
    write_region_file(out / "1.npz", FOUND, SIZE)
    with pytest.raises(SettingsError, match="give another --out"):
        write_settings(out, {})
    assert [path.name for path in out.iterdir()] == ["1.npz"]
    with pytest.raises(SettingsError, match="cannot be used as the folder"):
        write_settings(out / "1.npz", {})


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    return exit_code(monkeypatch, "regions", *map(str, arguments))


def test_the_command(
    pictures: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, boxes = save_clip(tmp_path / "clip"), tmp_path / "boxes"
    boxes.mkdir()
    for path in pictures.glob("*.*"):
        write_region_file(boxes / f"{path.name}.npz", FOUND, SIZE)
    asked = ("--pictures", pictures, "--out", out, "--boxes", boxes, "--features", clip)
    assert command(monkeypatch, *asked) == 0
    assert f"3 region files written to {out}" in capsys.readouterr().err
    regions = read_region_file(out / "b.jpg.npz")
    assert regions == [*FOUND, whole_picture(SIZE)]
    assert {features_of(region).shape for region in regions} == {(24,)}
    assert command(monkeypatch, *asked) == 0
    assert f"0 region files written to {out}" in capsys.readouterr().err
    assert command(monkeypatch, *asked[:-2]) == 2
    assert "made with other settings" in capsys.readouterr().err


def test_the_command_names_a_broken_picture(
    pictures: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "b.jpg").write_bytes(b"no picture")
    yolos = save_yolos(tmp_path / "yolos")
    assert command(monkeypatch, "--pictures", pictures, "--out", out, "--detector", yolos) == 2
    err = capsys.readouterr().err
    assert "b.jpg: " in err
    assert "error: 1 of 3 pictures could not be used" in err
    assert (out / "c.webp.npz").is_file()


def test_the_command_asks_a_zero_shot_detector(
    pictures: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owlvit = save_owlvit(tmp_path / "owlvit")
    asked = ("--detector", owlvit, "--zero-shot", "logo", "--zero-shot", "man")
    assert command(monkeypatch, "--pictures", pictures, "--out", out, *asked) == 0
    found = {region.kind for region in read_region_file(out / "b.jpg.npz")}
    assert found == {"person", "picture"}  # this detector is surer of the second label everywhere


def test_faces_and_text_survive_the_file(shared: Path, out: Path, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="needs the vision extra")
    one = tmp_path / "one"
    one.mkdir()
    (one / "O_4154.jpg").write_bytes((shared / "data" / "samples" / "O_4154.jpg").read_bytes())
    prepare(one, out, FacesAndText())
    *regions, picture = RegionFolder(out).for_id("O_4154")
    assert {(region.kind, region.text) for region in regions} == {("person", ""), ("text", "KIA")}
    assert picture.features is None
