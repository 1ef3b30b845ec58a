import os
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.pictures import as_bytes, data_url
from unco.errors import PictureError
from unco.tools.pictures.data_urls import MAX_BYTES
from unco.tools.pictures.decode import encode_jpeg_or_png, open_picture, picture_from_pil
from unco.tools.pictures.load import MAX_FILE_BYTES


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def forged_png(width: int, height: int) -> bytes:
    """A valid header that claims a size, with next to nothing behind it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + name + body + pack(">I", zlib.crc32(name + body))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


Write = Callable[[str, bytes], str]
"""Writes a file of that name; gives its path."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return to


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF", "JPEG2000"])
def test_opens_each_format(write: Write, kind: str) -> None:
    path = write("picture", as_bytes(gradient(), kind))
    picture = open_picture(path)
    assert picture.image.mode == "RGB"
    assert picture.image.size == (picture.info.width, picture.info.height) == (64, 48)
    assert picture.info.ref == path
    assert picture.warnings == ()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("text.jpg", b"not a picture at all", "not a picture: hand in a picture of one of the formats JPEG"),
        ("zero.png", b"", "empty"),
        ("cut.png", as_bytes(gradient(300, 300))[:200], "damaged or cut short"),
        ("cut.jpg", as_bytes(gradient(300, 300), "JPEG")[:700], "damaged or cut short"),
        ("bomb.png", forged_png(30_000, 30_000), "over 220 million pixels"),
        ("warned.png", forged_png(10_000, 10_000), "take 381 MB to decode"),
        ("large.png", forged_png(9_000, 9_000), "take 308 MB to decode"),
        ("svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        ("paper.jpg", b"%PDF-1.7", "a PDF document"),
        ("pointer.jpg", b"version https://git-lfs.github.com/spec/v1\noid", "`git lfs pull`"),
        ("text.png", b"iVBORw0KGgoAAAANSUhEUg", "a picture in base64"),
        ("film.png", b"\x1a\x45\xdf\xa3webm", "a video"),
        ("refused.jpg", b'{"error": 403}', "a JSON document"),
        ("film.jpg", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a video"),
        ("many.bin", bytes(MAX_FILE_BYTES + 1), "larger than 64 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[-5:] else "",
)
def test_bad_file_is_named(write: Write, name: str, data: bytes, message: str) -> None:
    path = write(name, data)
    with pytest.raises(PictureError, match=message) as caught:
        open_picture(path)
    assert name in str(caught.value)


def test_missing_and_directory(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no picture at"):
        open_picture(str(tmp_path / "nowhere.jpg"))
    with pytest.raises(PictureError, match="is a directory"):
        open_picture(str(tmp_path))
    with pytest.raises(PictureError, match="cannot read"):
        open_picture("a\0b.jpg")
    with pytest.raises(PictureError, match="cannot read"):
        open_picture("x" * 5000)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PictureError, match="not a regular file"):
        open_picture(str(tmp_path / "pipe"))


@pytest.mark.parametrize("ref", ["file:///etc/hostname", "FILE:/etc/hostname", "ftp://host/a.png", "s3://b/a.png"])
def test_other_schemes_are_refused(ref: str) -> None:
    with pytest.raises(PictureError, match="is not read"):
        open_picture(ref)


def test_a_colon_does_not_make_a_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo:1.png").write_bytes(as_bytes(gradient()))
    assert open_picture("photo:1.png").info.width == 64


def test_data_url_is_named_by_its_hash() -> None:
    picture = open_picture(data_url(as_bytes(gradient())))
    assert picture.info.ref == f"data:sha256,{picture.info.sha256}"
    with pytest.raises(PictureError, match="that picture is not kept here"):
        open_picture(picture.info.ref)


@pytest.mark.parametrize(
    "url",
    ["data:", "data:image/png,abc", "data:image/png;base64,@@@@", "data:image/png;base64,abcde", "data:;base64,é"],
)
def test_malformed_data_url(url: str) -> None:
    with pytest.raises(PictureError, match="malformed data: URL"):
        open_picture(url)


def test_a_long_data_url_is_not_echoed() -> None:
    with pytest.raises(PictureError) as caught:
        open_picture("data:image/png;base64," + "QUJD" * 1000)
    assert len(str(caught.value)) < 300
    with pytest.raises(PictureError, match="larger than 20 MB"):
        open_picture("data:image/png;base64," + "A" * (MAX_BYTES * 4 // 3 + 8))


def test_one_pixel_and_animated_are_marked(write: Write) -> None:
    dot = open_picture(write("dot.png", as_bytes(Image.new("RGB", (1, 1), "red"))))
    assert dot.warnings == ("the picture has 1 x 1 pixels: too small to look for regions",)
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    moving = open_picture(write("a.gif", as_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])))
    assert moving.warnings == ("animated: only its first frame is used",)
    assert moving.image.getpixel((5, 5)) == (255, 0, 0)


def test_modes_become_rgb(write: Write) -> None:
    cmyk = open_picture(write("cmyk.jpg", as_bytes(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG")))
    pixel = cmyk.image.getpixel((9, 9))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    assert red > 200
    assert max(green, blue) < 60
    deep = Image.new("I;16", (32, 32), 32896)  # 128 * 257: the middle of 16 bits
    assert open_picture(write("deep.png", as_bytes(deep))).image.getpixel((9, 9)) == (128, 128, 128)
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert open_picture(write("clear.png", as_bytes(clear))).image.getpixel((9, 9)) == (255, 255, 255)
    palette = clear.quantize()
    assert open_picture(write("palette.png", as_bytes(palette))).image.getpixel((9, 9)) == (255, 255, 255)
    for numbers in (Image.new("F", (32, 32), 0.5), Image.new("I", (32, 32), 128)):
        numbers.putpixel((0, 0), 1 if numbers.mode == "F" else 255)  # the brightest
        assert open_picture(write("numbers.tiff", as_bytes(numbers, "TIFF"))).image.getpixel((9, 9)) in (
            (127,) * 3,
            (128,) * 3,
        )
    one_bit = Image.new("1", (32, 32), 1)
    assert open_picture(write("bit.png", as_bytes(one_bit))).image.getpixel((9, 9)) == (255, 255, 255)


def test_exif_orientation_is_applied(write: Write) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    picture = open_picture(write("phone.jpg", as_bytes(gradient(64, 32), "JPEG", exif=exif)))
    assert (picture.info.width, picture.info.height) == (32, 64)


def test_broken_exif_does_not_cost_the_picture(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = as_bytes(gradient(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    opened = open_picture(write("broken.jpg", broken))
    assert opened.image.size == (64, 48)
    assert any(note.startswith("the decoder says: Corrupt EXIF data") for note in opened.warnings)

    def fail(image: Image.Image) -> Image.Exif:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    notes = open_picture(write("worse.jpg", as_bytes(gradient()))).warnings
    assert "its EXIF block cannot be read: shown as it is stored" in notes


def test_files_are_closed(write: Write) -> None:
    path = write("a.png", as_bytes(gradient()))
    picture = open_picture(path)
    os.remove(path)
    assert picture.image.tobytes()


def test_from_pil_hashes_pixels_and_leaves_the_original_alone() -> None:
    image = gradient()
    image.info["comment"] = "keep"
    picture = picture_from_pil(image)
    assert picture.info == picture_from_pil(image.copy()).info
    assert picture.info.ref == f"data:sha256,{picture.info.sha256}"
    assert picture.info.sha256 != picture_from_pil(image.transpose(Image.Transpose.ROTATE_90)).info.sha256
    assert picture.image is not image
    assert image.info["comment"] == "keep"
    with pytest.raises(PictureError, match="to decode, over 300"):
        picture_from_pil(Image.new("1", (10_000, 8_000)))
    with pytest.raises(PictureError, match="no pixels"):
        picture_from_pil(Image.new("RGB", (0, 5)))


def test_encoding_drops_metadata_and_is_repeatable(write: Write) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    noise = Image.frombytes("RGB", (100, 100), Random(0).randbytes(30_000))
    picture = open_picture(write("a.jpg", as_bytes(noise, "JPEG", exif=exif, comment=b"my garden")))
    mime, data = encode_jpeg_or_png(picture.image)
    assert mime == "image/jpeg"
    assert (mime, data) == encode_jpeg_or_png(picture.image)
    with Image.open(BytesIO(data)) as again:
        assert not again.getexif()
        assert "comment" not in again.info
    assert b"where I live" not in data
    assert b"my garden" not in data
    mime, data = encode_jpeg_or_png(open_picture(write("b.png", as_bytes(gradient()))).image, (28, 56))
    assert mime == "image/png"
    with Image.open(BytesIO(data)) as again:
        assert again.size == (28, 56)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF", "JPEG2000"]), st.data())
def test_damaged_bytes_give_a_picture_or_a_picture_error(kind: str, data: st.DataObject) -> None:
    good = bytearray(as_bytes(gradient(), kind))
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=8)):
        good[place] = data.draw(st.integers(0, 255))
    try:
        picture = open_picture(data_url(bytes(good)))
    except PictureError:
        return
    assert picture.image.mode == "RGB"
