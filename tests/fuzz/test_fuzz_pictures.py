"""Spoilt pictures and addresses at the one door: upright RGB of the size that is told, or a PictureError."""

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.faults.bad_posts import REFERENCES
from tests.fuzz.mutations import spoilt
from tests.pictures import as_bytes
from unco.errors import PictureError
from unco.tools.pictures.decode import encode_jpeg_or_png, open_picture
from unco.tools.pictures.load import read_picture_bytes
from unco.tools.pictures.work import MAX_PIXELS, WORKING_PIXELS

pytestmark = pytest.mark.slow

KINDS: dict[str, dict[str, str]] = {
    "PNG": {"mode": "RGBA"},
    "JPEG": {"mode": "RGB"},
    "WEBP": {"mode": "RGBA"},
    "GIF": {"mode": "P"},
    "BMP": {"mode": "RGB"},
    "16 bits": {"mode": "I;16"},
}


def picture(kind: str) -> bytes:
    noise = Image.effect_noise((24, 16), 60).convert(KINDS[kind]["mode"])
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    options = {"exif": exif} if kind in ("JPEG", "WEBP") else {}
    return as_bytes(noise, "PNG" if kind == "16 bits" else kind, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_picture_is_one_or_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"

    @settings(suppress_health_check=list(HealthCheck))
    @given(data=spoilt(picture(kind)), inline=st.booleans())
    def opens(data: bytes, inline: bool) -> None:
        path.write_bytes(data)
        ref = f"data:image/png;base64,{base64.b64encode(data).decode()}" if inline else str(path)
        try:
            opened = open_picture(ref)
        except PictureError:
            return
        assert opened.image.mode == "RGB"
        if opened.info.width * opened.info.height <= WORKING_PIXELS:  # a header may promise more
            assert opened.image.size == (opened.info.width, opened.info.height)
        assert 0 < opened.info.width * opened.info.height <= MAX_PIXELS
        if max(opened.image.size) < 1000:
            encode_jpeg_or_png(opened.image)

    opens()


@given(ref=st.sampled_from(REFERENCES).flatmap(lambda ref: spoilt(ref.encode("utf-8", "surrogatepass"))))
def test_a_spoilt_address_gives_bytes_or_is_refused(ref: bytes) -> None:
    """No host is allowed, so none is asked."""
    try:
        assert read_picture_bytes(ref.decode("utf-8", "surrogateescape"), frozenset())
    except PictureError:
        pass
