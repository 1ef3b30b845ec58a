"""What phones, web sites and people's programs make: it is opened, at its size, or named for what it is."""

import io
import os
import struct
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
import torch
from PIL import Image

import unco
from benchmarks.made_pictures import KINDS, SIZE, data_urls, picture, saved, turned
from tests.pictures import as_bytes, data_url
from tests.scripted import ScriptedLlm, graph_of
from unco.errors import PictureError
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region import Region
from unco.tools.extraction.extractor import NetworkExtractor
from unco.tools.pictures import kinds, open_picture
from unco.tools.pictures.decode import encode_jpeg_or_png
from unco.tools.pictures.from_python import reference_of
from unco.tools.pictures.work import count_scans
from unco.types import Box, Post

RED = picture()
TEXT = "Ann Lee plays for Oslo Owls"


def many_strips() -> bytes:
    """A TIFF that says that it has a million strips."""
    data = bytearray(saved("TIFF"))
    place = data.index(struct.pack("<HH", 273, 4))
    data[place + 4 : place + 8] = struct.pack("<I", 1_000_000)
    return bytes(data)


JPEG = as_bytes(RED, "JPEG", quality=90)
GIF = as_bytes(RED, "GIF")
ENCODED = data_urls()


def test_there_are_many() -> None:
    assert len(KINDS) + len(ENCODED) >= 210


@pytest.mark.parametrize("name", KINDS)
def test_a_picture_is_opened_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    if name == "TIFF YCbCr" and int(PIL.__version__.partition(".")[0]) < 13:
        pytest.skip("Pillow before 13 reads the file that it wrote itself as RGBX")
    path = tmp_path / "photo.jpg"
    path.write_bytes(KINDS[name]())
    opened = open_picture(str(path))
    assert (opened.info.width, opened.info.height) == opened.image.size == SIZE
    assert opened.image.mode == "RGB"
    warned = any(word in name for word in ("anim", "missing", "cut", "half", "spoilt", "wrong", "EXIF", "eXIf"))
    assert warned or opened.warnings == () or "without" in name or "P" in name


EXIF = turned(6)
MOVING = {"save_all": True, "append_images": [RED.rotate(90)]}


@pytest.mark.parametrize(
    "options",
    [{}, {"quality": 30}, {"exif": EXIF}, {"exif": EXIF, "xmp": b"x" * 40}, {"icc_profile": b"x" * 50}, MOVING],
    ids=lambda options: " ".join(options) or "plain",
)
def test_a_webp_is_opened_whatever_its_end_lacks(options: dict[str, Any]) -> None:
    whole = saved("WEBP", **options)
    for missing in (*range(1, 100), len(whole) // 4):
        opened = open_picture(data_url(whole[:-missing]))
        assert SIZE in (opened.image.size, opened.image.size[::-1])
        assert "it is cut short: the lower part may be missing" in opened.warnings


@pytest.mark.parametrize("url", ENCODED.values(), ids=ENCODED)
def test_base64_as_it_is_written(url: str) -> None:
    assert open_picture(url).image.size == SIZE


@pytest.mark.slow
def test_the_text_of_each_comes_back(predictor: Predictor) -> None:
    graph = graph_of(NetworkExtractor(lambda: predictor, None), ScriptedLlm())
    urls = [*(data_url(make()) for make in KINDS.values()), *ENCODED.values()]
    results = graph.batch([{"text": TEXT, "image": url} for url in urls])
    assert all(result["entities"] for result in results)
    assert all(result["picture"]["width"] == SIZE[0] for result in results)


@pytest.mark.parametrize(
    "image",
    [as_bytes(RED), bytearray(as_bytes(RED)), memoryview(as_bytes(RED)), io.BytesIO(as_bytes(RED)), RED,
     np.asarray(RED),     np.asarray(RED.convert("L")), np.asarray(RED.convert("RGBA")), np.asarray(RED)[::-1],
     np.asarray(RED.convert("1")), np.asarray(RED.convert("L"))[..., None]],
    ids=lambda image: f"{type(image).__name__} {getattr(image, 'shape', '')}",
)  # fmt: skip
def test_what_python_programs_hold(image: Any) -> None:
    assert open_picture(reference_of(image)).image.size == SIZE


PIXELS = np.asarray(RED)


@pytest.mark.parametrize(
    "array",
    [
        PIXELS / 255.0,
        (PIXELS / 255.0).astype("float32"),
        PIXELS.astype("float64"),
        PIXELS.astype("int64"),
        PIXELS.transpose(2, 0, 1),
        PIXELS.astype("uint16"),
        PIXELS.astype(">u2") * 257,
        PIXELS[None],
        torch.tensor(PIXELS),
        (torch.tensor(PIXELS) / 255).permute(2, 0, 1)[None].requires_grad_(),
    ],
    ids=lambda array: f"{type(array).__name__} {array.dtype} {tuple(array.shape)}",
)
def test_arrays_and_tensors_are_the_same_picture(array: Any) -> None:
    assert open_picture(reference_of(array)).image.tobytes() == open_picture(reference_of(PIXELS)).image.tobytes()


def test_a_tensor_of_half_as_many_bits_is_the_same_picture_but_for_rounding() -> None:
    for kind in (torch.float16, torch.bfloat16):
        half = open_picture(reference_of((torch.tensor(PIXELS) / 255).to(kind)))
        assert np.abs(np.asarray(half.image).astype(int) - PIXELS).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_base64_is_a_picture_as_text_and_as_bytes(kind: str) -> None:
    encoded = b64encode(as_bytes(RED, kind))
    for given in (encoded, encoded.decode(), io.BytesIO(encoded), b"data:image/png;base64," + encoded):
        assert open_picture(reference_of(given)).image.size == SIZE


def test_a_path_may_be_made_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(JPEG)
    with os.scandir(os.fsencode(tmp_path)) as found:
        assert open_picture(reference_of(next(found))).image.size == SIZE


def test_the_bytes_of_a_file_in_an_array() -> None:
    assert open_picture(reference_of(np.frombuffer(JPEG, np.uint8))).image.size == SIZE


def test_a_file_that_was_just_written_is_read_from_its_start() -> None:
    file = io.BytesIO()
    RED.save(file, "PNG")
    assert open_picture(reference_of(file)).image.size == SIZE
    assert reference_of(io.BytesIO()) == "data:;base64,"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF"])
async def test_base64_without_a_head_is_a_picture(kind: str, predictor: Predictor, tmp_path: Path) -> None:
    text = b64encode(saved(kind)).decode()
    assert open_picture(reference_of(text)).image.size == SIZE
    assert open_picture(reference_of({"bytes": saved(kind), "path": None})).image.size == SIZE
    graph = graph_of(NetworkExtractor(lambda: predictor, None), ScriptedLlm())
    assert (await graph.ainvoke({"text": TEXT, "image": text}))["picture"]["width"] == SIZE[0]


@pytest.mark.parametrize("around", ["  {}", "\n{}\r\n", "\t{} "])
def test_blanks_around_an_address_are_none_of_it(around: str, predictor: Predictor, tmp_path: Path) -> None:
    """A cell of a table or a variable of a shell brings them along; a path may have blanks of its own."""
    text = around.format(data_url(JPEG))
    assert open_picture(reference_of(text)).image.size == SIZE
    graph = graph_of(NetworkExtractor(lambda: predictor, None), ScriptedLlm())
    assert graph.invoke({"text": TEXT, "image": text})["picture"]["width"] == SIZE[0]
    assert reference_of(around.format("https://a.example/b.png")) == "https://a.example/b.png"
    path = tmp_path / " photo.jpg "
    path.write_bytes(JPEG)
    assert graph.invoke({"text": TEXT, "image": str(path)})["picture"]["width"] == SIZE[0]


@pytest.mark.parametrize("image", ["", " \n"])
def test_a_blank_costs_no_text(
    image: str, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", str(tmp_path))
    result = graph_of(NetworkExtractor(lambda: predictor, None), ScriptedLlm()).invoke({"text": TEXT, "image": image})
    assert result["entities"]
    assert result["picture"]["reason"] == "missing"


def test_what_is_no_picture_is_named() -> None:
    for image, told in (
        (np.full((4, 5, 3), -1.0), "float64 of shape .4, 5, 3. is no picture: give height x width"),
        (np.full((4, 5, 3), np.nan), "is no picture"),
        (np.zeros((5, 5, 7), np.uint8), "is no picture"),
        (np.float64("nan"), "a float64 is no picture|float64 of shape .. is no picture"),
        (np.zeros(9), "is no picture"),
        (torch.zeros(4, 5, 3).to_sparse(), "a Tensor is no picture: it cannot be made an array"),
        ({}, "a dict is no picture"),
        (np.zeros((2, 2, 2, 2), np.uint8), "is no picture"),
        (io.StringIO("a"), "open it with open"),
        (7, "a int is no picture"),
    ):
        with pytest.raises(PictureError, match=told):
            reference_of(image)
    with pytest.raises(PictureError, match="a int is no picture"):
        unco.extract(TEXT, 7)  # type: ignore[arg-type]


HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(99)


def test_heic_is_named_for_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds._load_plugins.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(PictureError, match="an HEIC picture, as phones take them: pip install pillow-heif") as caught:
        open_picture(data_url(HEIC))
    assert caught.value.reason == "unknown_format"


def test_heic_is_opened_with_its_plugin() -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    assert open_picture(data_url(as_bytes(RED, "HEIF"))).image.size == SIZE


def test_a_large_photo_is_opened_reduced_and_boxes_are_in_its_own_pixels(predictor: Predictor, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "phone.jpg"
    Image.new("RGB", (6000, 4000), "navy").save(path, quality=20, exif=exif)
    picture = open_picture(str(path))
    assert (picture.info.width, picture.info.height) == (4000, 6000)
    assert picture.image.size == (2000, 3000)
    assert picture.at_full_size().size == (4000, 6000)

    def provider(image: Image.Image, source: str) -> list[Region]:
        return [Region(Box(0, 0, image.width / 2, image.height), "object")]

    found = NetworkExtractor(lambda: predictor, provider)(Post(TEXT, str(path)))
    assert found.candidates == (Box(0, 0, 2000, 6000),)
    assert found.seen_picture == picture.info
    assert encode_jpeg_or_png(picture.image, (30, 40))[0] == "image/png"


@pytest.mark.parametrize(("size", "kind"), [((16_382, 3_628), "JPEG"), ((20_000, 300), "PNG"), ((6_000, 4_000), "PNG")])
def test_panoramas(size: tuple[int, int], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(as_bytes(Image.new("L", size, 9), kind))
    picture = open_picture(str(path))
    assert (picture.info.width, picture.info.height) == size
    assert picture.image.getpixel((5, 5)) == (9, 9, 9)


def test_bombs_are_refused_by_their_headers(tmp_path: Path) -> None:
    """400 scans; a WebP of 34 bytes that claims 39 million pixels; a URL of escaped letters; pieces without end."""
    whole = as_bytes(Image.new("L", (2_000, 2_000)), "JPEG", progressive=True, quality=5)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    assert count_scans(whole[:-2] + scan * 400 + whole[-2:]) > 400
    webp = b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (6249).to_bytes(3, "little") * 2
    bombs = {
        "scans .* take too long": whole[:-2] + scan * 400 + whole[-2:],
        "pixels of WebP take": webp + bytes(4),
        "over 19999 pieces": JPEG[:2] + b"\xff\xfe\0\2" * 4_000_000 + JPEG[2:],
        "over 499999 pieces": GIF[:800] + b"!\xfe\1x\0" * 3_000_000 + GIF[800:],
        "over 100000 pieces": many_strips(),
        "over 100000 pieces;": as_bytes(RED)[:33] + (bytes(4) + b"tEXt" + bytes(4)) * 100_001,
    }
    for told, data in bombs.items():
        with pytest.raises(PictureError, match=told) as caught:
            open_picture(data_url(data))
        assert caught.value.reason == "too_large"
    for url in ("data:image/png;base64," + "%41" * 9_000_000, "data:image/png;base64," + "A " * 25_000_000):
        with pytest.raises(PictureError, match="malformed|larger than"):
            open_picture(url)
