"""Region files: what is written comes back, the published layout is read, and damage is named, never guessed at."""

import io
import pickle
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.small_model.regions.features import features_of
from unco.errors import DataError
from unco.small_model.regions.region import MOST_REGIONS, Region, whole_picture
from unco.small_model.regions.region_files import RegionFolder, read_region_file, write_region_file
from unco.types import Box

SIZE = (600, 450)
MAN, CAR = Box(10, 20, 110, 220), Box(300, 200, 599.25, 449)


def vinvl(**changes: Any) -> dict[str, Any]:
    """The published layout, with two boxes, the better one last."""
    arrays = {
        "num_boxes": np.int64(2),
        "image_h": np.int64(SIZE[1]),
        "image_w": np.int64(SIZE[0]),
        "bounding_boxes": np.array([[300, 200, 599.25, 449], [10, 20, 110, 220]], np.float32),
        "box_features": np.array([[0, 2, 4], [2, 4, 8]], np.float32),
        "scores": np.array([0.5, 0.9], np.float32),
        "objects": np.array(["text", "man"]),
        "scores_all": np.zeros((2, 1595)),
    }
    return {key: value for key, value in (arrays | changes).items() if value is not None}


def saved(path: Path, **changes: Any) -> Path:
    np.savez(path, **vinvl(**changes))
    return path


def test_the_published_layout(tmp_path: Path) -> None:
    man, car, picture = read_region_file(saved(tmp_path / "1.jpg.npz"))
    assert (man.box, man.kind) == (MAN, "person")
    assert man.score == pytest.approx(0.9)
    assert (car.box, car.kind, car.text) == (CAR, "object", "")  # "text" is a class of VinVL, and says nothing
    assert picture == whole_picture(SIZE)
    assert features_of(man).tolist() == [2, 4, 8]
    assert features_of(picture).tolist() == [1, 3, 6]
    assert {features_of(region).dtype for region in (man, car, picture)} == {np.dtype(np.float32)}


def test_the_picture_has_its_own_features_where_the_file_has_them(tmp_path: Path) -> None:
    path = saved(tmp_path / "1.npz", picture_features=np.array([7.0, 8.0, 9.0]))
    assert features_of(read_region_file(path)[-1]).tolist() == [7, 8, 9]


def test_only_the_best_are_taken_and_the_picture_on_top(tmp_path: Path) -> None:
    regions = read_region_file(saved(tmp_path / "1.npz"), most=1)
    assert [region.box for region in regions] == [MAN, Box(0, 0, *SIZE)]
    assert features_of(regions[-1]).tolist() == [1, 3, 6]  # of all rows, so it does not hang on `most`


def test_no_boxes_leave_the_whole_picture(tmp_path: Path) -> None:
    none = {"num_boxes": np.int64(0), "bounding_boxes": np.zeros((0, 4)), "box_features": np.zeros((0, 3))}
    empty = saved(tmp_path / "1.npz", **none, scores=np.zeros(0), objects=np.zeros(0))
    (picture,) = read_region_file(empty)
    assert picture == whole_picture(SIZE)
    assert features_of(picture).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("corners", "box"),
    [((-0.9, -1, 50, 60), Box(0, 0, 50, 60)), ((500, 400, 600.9, 450.5), Box(500, 400, 600, 450))],
)
def test_a_box_that_stands_out_by_a_pixel_is_cut(tmp_path: Path, corners: tuple[float, ...], box: Box) -> None:
    path = saved(tmp_path / "1.npz", bounding_boxes=np.array([corners, [10, 20, 110, 220]]))
    assert read_region_file(path)[1].box == box


def boxes(*corners: float) -> dict[str, Any]:
    return {"bounding_boxes": np.array([[10, 20, 110, 220], corners])}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a missing key": ({"scores": None}, "lacks scores: expected the layout"),
    "a box with NaN": (boxes(1, 2, float("nan"), 4), "bounding_boxes holds what is not a finite number"),
    "a box inside out": (boxes(50, 20, 40, 30), r"box 1 .* is empty or outside"),
    "a box without width": (boxes(50, 20, 50, 30), r"box 1 .* is empty or outside"),
    "a box outside": (boxes(500, 20, 601.5, 30), r"outside the picture of 600 x 450 pixels"),
    "a box far outside": (boxes(700, 500, 800, 600), r"box 1 .* outside the picture"),
    "infinite features": ({"box_features": np.array([[0, np.inf], [1, 1]])}, "box_features holds what is not a finite"),
    "features beyond float32": ({"box_features": np.array([[0, 1e300], [1, 1]])}, "not a finite number"),
    "a score of NaN": ({"scores": np.array([np.nan, 1.0])}, "scores holds what is not a finite number"),
    "too few features": ({"box_features": np.zeros((1, 3))}, r"box_features has shape \(1, 3\), expected \(2, 3\)"),
    "flat features": ({"box_features": np.zeros(6)}, r"box_features has shape \(6,\)"),
    "too many scores": ({"scores": np.zeros(3)}, r"scores has shape \(3,\), expected \(2,\)"),
    "another count": ({"num_boxes": np.int64(3)}, r"bounding_boxes has shape \(2, 4\), expected \(3, 4\)"),
    "boxes of five": ({"bounding_boxes": np.zeros((2, 5))}, r"expected \(2, 4\)"),
    "a picture's features of another length": ({"picture_features": np.zeros(4)}, r"expected \(3,\)"),
    "texts that are too few": ({"texts": np.array(["a"])}, r"texts has shape \(1,\)"),
    "names that are numbers": ({"objects": np.array([1, 2])}, "objects holds no text"),
    "boxes that are words": ({"bounding_boxes": np.full((2, 4), "x")}, "bounding_boxes holds no numbers"),
    "a size of zero": ({"image_w": np.int64(0)}, "a picture of 0 x 450 pixels"),
    "a fractional size": ({"image_w": np.float64(600)}, "image_w is not one integer"),
    "several sizes": ({"image_h": np.array([1, 2])}, "image_h is not one integer"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_are_named(case: str, tmp_path: Path) -> None:
    changes, says = FAULTS[case]
    with pytest.raises(DataError, match=says) as caught:
        read_region_file(saved(tmp_path / "broken.npz", **changes))
    assert "broken.npz" in str(caught.value)


class Opened:
    """A pickle that would leave a mark if it were loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_pickled_objects_are_refused_and_never_loaded(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    objects = np.array([Opened(mark), Opened(mark)], dtype=object)
    path = tmp_path / "evil.npz"
    np.savez(path, **vinvl(objects=objects))
    bare = tmp_path / "bare.npz"
    bare.write_bytes(pickle.dumps(Opened(mark)))
    for file in (path, bare):
        with pytest.raises(DataError, match="no readable .npz of plain arrays"):
            read_region_file(file)
    assert not mark.exists()


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    single = tmp_path / "1.npz"
    with single.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="holds one array"):
        read_region_file(single)
    for content in (b"", b"not a zip", b"PK\x03\x04 cut off"):
        single.write_bytes(content)
        with pytest.raises(DataError, match="no readable .npz"):
            read_region_file(single)
    with pytest.raises(DataError, match="no region file at"):
        read_region_file(tmp_path / "2.npz")


def test_a_member_that_is_no_array_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "1.npz", scores=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("scores", b"0.5 0.9")
    with pytest.raises(DataError, match="scores is no array"):
        read_region_file(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 4000), flips=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=4))
def test_any_damage_is_a_data_error_or_harmless(tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **vinvl(scores_all=None))
    content = bytearray(buffer.getvalue())
    for place, value in flips:
        content[place % len(content)] = value
    path = tmp_path / "damaged.npz"
    path.write_bytes(content[: len(content) - cut])
    with suppress(DataError):
        assert read_region_file(path)[-1].kind == "picture"


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@st.composite
def region(draw: st.DrawFn, length: int) -> Region:
    x1, y1 = draw(st.integers(0, SIZE[0] - 1)), draw(st.integers(0, SIZE[1] - 1))
    box = Box(x1, y1, draw(st.integers(x1 + 1, SIZE[0])), draw(st.integers(y1 + 1, SIZE[1])))
    score = draw(st.floats(0, 1, width=32))
    numbers = st.lists(st.floats(-9, 9, width=32), min_size=length, max_size=length)
    seen = np.array(draw(numbers), np.float32) if length else None
    return Region(box, draw(st.sampled_from(["person", "text", "object"])), draw(WORDS), score, seen)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 3).flatmap(lambda length: st.lists(region(length), max_size=6)))
def test_what_is_written_comes_back_best_first(tmp_path: Path, regions: list[Region]) -> None:
    path = tmp_path / "1.jpg.npz"
    write_region_file(path, regions, SIZE)
    *found, picture = read_region_file(path)
    expected = sorted(regions, key=lambda region: -region.score)
    assert found == expected
    assert picture == whole_picture(SIZE)
    assert list(tmp_path.iterdir()) == [path]
    for one, other in zip(found, expected, strict=True):
        assert (one.features is None) == (other.features is None)
        assert one.features is None or np.array_equal(features_of(one), features_of(other))


def test_the_pictures_own_features_come_back(tmp_path: Path) -> None:
    seen = np.array([1, 2], np.float32)
    face = Region(MAN, "person", features=seen + 1)
    for regions in ([face, replace(whole_picture(SIZE), features=seen)], [replace(whole_picture(SIZE), features=seen)]):
        write_region_file(tmp_path / "1.npz", regions, SIZE)
        found = read_region_file(tmp_path / "1.npz")
        assert found == regions
        assert features_of(found[-1]).tolist() == [1, 2]


@pytest.mark.parametrize("lengths", [(2, None), (2, 3), (None, 2)])
def test_features_of_several_lengths_are_a_mistake_of_the_caller(
    lengths: tuple[int | None, int | None], tmp_path: Path
) -> None:
    regions = [Region(MAN, "person", features=None if n is None else np.zeros(n, np.float32)) for n in lengths]
    with pytest.raises(ValueError, match="features of one length, or none at all"):
        write_region_file(tmp_path / "1.npz", regions, SIZE)
    assert list(tmp_path.iterdir()) == []


PICTURE = Image.new("RGB", SIZE)


@pytest.mark.parametrize("name", ["O_2371.jpg.npz", "O_2371.npz"])
@pytest.mark.parametrize(
    "source", ["O_2371.jpg", "/data/pictures/O_2371.jpg", "https://example.org/a/O_2371.jpg?size=large"]
)
def test_a_folder_is_searched_by_the_pictures_file_name(name: str, source: str, tmp_path: Path) -> None:
    saved(tmp_path / name)
    folder = RegionFolder(tmp_path)
    assert [region.box for region in folder(PICTURE, source)] == [MAN, CAR, Box(0, 0, *SIZE)]
    assert folder.for_id("O_2371") == folder(PICTURE, source)


def test_the_full_name_wins(tmp_path: Path) -> None:
    saved(tmp_path / "1.npz")
    saved(tmp_path / "1.jpg.npz", scores=np.array([0.9, 0.1]))
    assert RegionFolder(tmp_path)(PICTURE, "1.jpg")[0].box == CAR


def test_what_a_folder_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder of region files at"):
        RegionFolder(tmp_path / "none")
    folder = RegionFolder(tmp_path)
    with pytest.raises(DataError, match=r"looked for .*2\.jpg\.npz and .*2\.npz"):
        folder(PICTURE, "pictures/2.jpg")
    with pytest.raises(DataError, match=r"looked for .*2\.jpg\.npz and .*2\.npz"):
        folder.for_id("2")
    with pytest.raises(DataError, match="an inline picture has none"):
        folder(PICTURE, "data:image/png;base64,AAAA")


def test_a_file_of_another_picture_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "1.npz")
    with pytest.raises(DataError, match=r"of a picture of 600 x 450 pixels, 1\.jpg has 450 x 600"):
        RegionFolder(tmp_path)(Image.new("RGB", (450, 600)), "1.jpg")


def test_a_folder_holds_features_of_one_length(tmp_path: Path) -> None:
    saved(tmp_path / "1.npz")
    saved(tmp_path / "2.npz", box_features=np.zeros((2, 5)))
    folder = RegionFolder(tmp_path)
    folder.for_id("1")
    with pytest.raises(DataError, match=r"2\.npz has features of length 5, .*1\.npz of length 3"):
        folder.for_id("2")
    folder.for_id("1")


def test_the_real_files(shared: Path) -> None:
    samples = shared / "data" / "samples"
    folder = RegionFolder(samples)
    counts = {}
    for path in sorted(samples.glob("*.jpg")):
        with Image.open(path) as image:
            regions = folder(image, str(path))
        counts[path.stem] = len(regions) - 1
        assert {features_of(region).shape for region in regions} == {(2048,)}
        assert regions[-1].kind == "picture"
        scores = [region.score for region in regions[:-1]]
        assert scores == sorted(scores, reverse=True)
    assert counts == {name: MOST_REGIONS for name in counts} | {"111254": 10}
    assert max(region.box.iou(Box(194, 11, 522, 407)) for region in folder.for_id("O_4154")) > 0.8
