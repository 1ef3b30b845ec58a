"""What phones, web sites and people's programs make: it is opened, at its size, or named for what it is."""

import io
import struct
import sys
import zlib
from base64 import b64encode, encodebytes, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image, ImageDraw, PngImagePlugin

import unco
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

SIZE = (90, 60)
RED = Image.effect_noise(SIZE, 40).convert("RGB")
ImageDraw.Draw(RED).rectangle((10, 10, 80, 50), fill=(200, 30, 30))
TEXT = "Ann Lee plays for Oslo Owls"


def png(*chunks: tuple[bytes, bytes], good: bool = True) -> bytes:
    """A PNG with further chunks behind its header; `good`: with the right checksums."""
    data = as_bytes(RED)
    added = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ (not good))
        for name, body in chunks
    )
    return data[:33] + b"".join(added) + data[33:]


def tiff(**options: Any) -> bytes:
    return as_bytes(RED, "TIFF", **options)


def many_strips() -> bytes:
    """A TIFF that says that it has a million strips."""
    data = bytearray(tiff())
    place = data.index(struct.pack("<HH", 273, 4))
    data[place + 4 : place + 8] = struct.pack("<I", 1_000_000)
    return bytes(data)


def with_text(size: int) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * size, zip=True)
    return as_bytes(RED, "PNG", pnginfo=info)


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 3
    return exif


JPEG = as_bytes(RED, "JPEG", quality=90)
GIF = as_bytes(RED, "GIF")
SCANS = as_bytes(RED, "JPEG", progressive=True)
BOMB = zlib.compress(bytes(2**26))
GOOD: dict[str, bytes] = {
    **{f"{kind} {mode}": as_bytes(RED.convert(mode), kind) for kind, modes in {
        "JPEG": ("RGB", "L", "CMYK"), "PNG": ("RGB", "L", "1", "P", "RGBA", "LA", "I;16"), "WEBP": ("RGB", "RGBA", "L"),
        "GIF": ("L", "P", "RGB"), "BMP": ("RGB", "L", "1", "P"), "AVIF": ("RGB", "RGBA", "L"),
        "TIFF": ("RGB", "L", "1", "P", "RGBA", "CMYK", "I;16", "LA"), "JPEG2000": ("RGB", "L", "RGBA"),
    }.items() for mode in modes},
    **{f"TIFF {way}": tiff(compression=way) for way in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")},
    **{f"JPEG of quality {q}": as_bytes(RED, "JPEG", quality=q, subsampling=q % 3) for q in (1, 30, 61, 95, 100)},
    **{f"{kind} turned": as_bytes(RED, kind, exif=turned()) for kind in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")},
    **{f"PNG with a text of {size}": with_text(size) for size in (10, 2**20 + 1, 2**21, 2**24)},
    **{f"PNG with {name.decode()} of {len(body)} bytes, sum {good}": png((name, body), good=good)
       for name, body in ((b"iCCP", b"icc\0\0" + BOMB), (b"iCCP", b"spoilt"), (b"zTXt", b"a\0\0" + BOMB),
                          (b"iTXt", b"\xff"),
                          (b"gAMA", b""), (b"eXIf", b"no exif"), (b"cHRM", b"x" * 7), (b"pHYs", b""), (b"tIME", b"99"))
       for good in (True, False)},
    "PNG with thousands of texts": png(*[(b"tEXt", b"k\0" + bytes([65 + n % 26]) * 20) for n in range(5000)]),
    "PNG with a wrong checksum of its pixels": as_bytes(RED)[:-16] + b"abcd" + as_bytes(RED)[-12:],
    "PNG without its end": as_bytes(RED)[:-12], "PNG with bytes behind": as_bytes(RED) + b"x" * 999,
    "JPEG without its end": JPEG[:-2], "JPEG with a few bytes missing": JPEG[:-40],
    "JPEG with a film behind": JPEG + b"\xff\xda" * 99_999,
    "progressive JPEG": SCANS, "progressive JPEG without its end": SCANS[:-2],
    "progressive JPEG, half": SCANS[: len(SCANS) * 3 // 4],
    "JPEG with spoilt EXIF": as_bytes(RED, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "JPEG with much EXIF": as_bytes(RED, "JPEG", exif=b"Exif\0\0" + b"x" * 60_000),
    "JPEG with a spoilt profile": as_bytes(RED, "JPEG", icc_profile=b"spoilt" * 50_000),
    "JPEG with a comment": as_bytes(RED, "JPEG", comment=b"\xff\xda" * 9_000),
    "WebP with a few bytes missing": as_bytes(RED, "WEBP")[:-20],
    "lossless WebP with a byte missing": as_bytes(RED, "WEBP", lossless=True)[:-1],
    "GIF cut short": as_bytes(RED, "GIF")[:-30],
    "an animation": as_bytes(RED, "WEBP", save_all=True, append_images=[RED.rotate(90)]),
    "an animated AVIF": as_bytes(RED, "AVIF", save_all=True, append_images=[RED.rotate(180)]),
    "pages": tiff(save_all=True, append_images=[RED, RED]),
}  # fmt: skip


def encoded() -> dict[str, str]:
    """The same picture as people's encoders write base64."""
    data = as_bytes(Image.effect_noise(SIZE, 90))
    plain = b64encode(data).decode()
    assert "+" in plain
    assert "/" in plain
    ways = {
        "plain": plain, "in lines": encodebytes(data).decode(),
        "in lines of Windows": encodebytes(data).decode().replace("\n", "\r\n"),
        "in blanks": " ".join(plain[at : at + 64] for at in range(0, len(plain), 64)),
        "URL-safe": urlsafe_b64encode(data).decode(),
        "without padding": urlsafe_b64encode(data).decode().rstrip("="), "too much padding": plain.rstrip("=") + "====",
        "escaped": quote(plain, safe=""),
        "escaped lines": quote(encodebytes(data).decode(), safe=""), "a blank before": f" \t{plain}\n",
    }  # fmt: skip
    heads = (
        "data:image/png;base64,",
        "data:;base64,",
        "DATA:IMAGE/JPEG;BASE64,",
        "data:image/png;charset=utf-8;base64,",
    )
    return {f"{way} {head}": head + payload for way, payload in ways.items() for head in heads}


ENCODED = encoded()


def test_there_are_many() -> None:
    assert len(GOOD) + len(ENCODED) >= 120


@pytest.mark.parametrize("name", GOOD)
def test_a_picture_is_opened_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(GOOD[name])
    picture = open_picture(str(path))
    assert (picture.info.width, picture.info.height) == picture.image.size == SIZE
    assert picture.image.mode == "RGB"
    warned = any(word in name for word in ("anim", "missing", "cut", "half", "spoilt", "wrong", "EXIF", "eXIf"))
    assert warned or picture.warnings == () or "without" in name or "P" in name


@pytest.mark.parametrize("url", ENCODED.values(), ids=ENCODED)
def test_base64_as_it_is_written(url: str) -> None:
    assert open_picture(url).image.size == SIZE


@pytest.mark.slow
def test_the_text_of_each_comes_back(predictor: Predictor) -> None:
    graph = graph_of(NetworkExtractor(lambda: predictor, None), ScriptedLlm())
    urls = [*(data_url(data) for data in GOOD.values()), *ENCODED.values()]
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


def test_what_is_no_picture_is_named() -> None:
    for image, told in (
        (np.zeros((4, 5, 3)), "shape .4, 5, 3. is no picture: give uint8"),
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
