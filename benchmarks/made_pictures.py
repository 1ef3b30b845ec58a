"""Small pictures of many kinds, made when they are asked for: as phones, web sites and people's programs write them.

Each has 90 x 60 pixels as it is shown.
"""

import zlib
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable
from functools import cache, partial
from io import BytesIO
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

from benchmarks.raw_pictures import Chunk, raw_bmp, raw_png, with_chunks

SIZE = (90, 60)

Make = Callable[[], bytes]
"""Makes the bytes of a file."""


def noise(spread: float) -> Image.Image:
    """Draw noise in grey, always the same: Pillow's own depends on what else a process drew by chance."""
    values = np.random.default_rng(0).normal(128, spread, (SIZE[1], SIZE[0]))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


@cache
def picture() -> Image.Image:
    """Draw the picture: noise, and a red rectangle on it."""
    drawn = noise(40).convert("RGB")
    ImageDraw.Draw(drawn).rectangle((10, 10, 80, 50), fill=(200, 30, 30))
    return drawn


def saved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """Save the picture as a file."""
    return as_file(picture().convert(mode), kind, **options)


def as_file(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Save any picture as a file."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(orientation: int) -> Image.Exif:
    """Make the EXIF block of a photo for which the camera was held in one of eight ways."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def stored_turned(kind: str, orientation: int) -> bytes:
    """Save the picture as a camera does that was held in one of eight ways."""
    lying = picture() if orientation < 5 else picture().transpose(Image.Transpose.ROTATE_90)
    return as_file(lying, kind, exif=turned(orientation))


def moving(kind: str, **options: Any) -> bytes:
    """Save the picture as the first of three."""
    others = [picture().rotate(angle) for angle in (90, 180)]
    return saved(kind, save_all=True, append_images=others, **options)


def grey() -> Any:
    """Return the picture in shades of grey, height x width."""
    return np.asarray(picture().convert("L"))


def deep_grey() -> Image.Image:
    """Return the picture in 65,536 shades of grey."""
    return Image.fromarray(grey().astype(np.uint16) * 257)


def rgb(channels: str = "RGB") -> Any:
    """Return the picture's pixels."""
    return np.asarray(picture().convert(channels))


def with_text(size: int) -> bytes:
    """Make a PNG with a packed text of so many letters, as programs that draw pictures keep their recipes."""
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * size, zip=True)
    return saved("PNG", pnginfo=info)


def data_urls() -> dict[str, str]:
    """Write the same picture as people's encoders write base64."""
    data = as_file(noise(90), "PNG")
    plain, lines = b64encode(data).decode(), encodebytes(data).decode()
    ways = {
        "plain": plain,
        "in lines": lines,
        "in lines of Windows": lines.replace("\n", "\r\n"),
        "in blanks": " ".join(plain[at : at + 64] for at in range(0, len(plain), 64)),
        "URL-safe": urlsafe_b64encode(data).decode(),
        "without padding": urlsafe_b64encode(data).decode().rstrip("="),
        "too much padding": plain.rstrip("=") + "====",
        "escaped": quote(plain, safe=""),
        "escaped lines": quote(lines, safe=""),
        "a blank before": f" \t{plain}\n",
    }
    heads = (
        "data:image/png;base64,",
        "data:;base64,",
        "DATA:IMAGE/JPEG;BASE64,",
        "data:image/png;charset=utf-8;base64,",
    )
    return {f"base64 {way} {head}": head + payload for way, payload in ways.items() for head in heads}


_MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "L", "1", "P", "RGBA", "LA"),
    "WEBP": ("RGB", "RGBA", "L"),
    "GIF": ("L", "P", "RGB"),
    "BMP": ("RGB", "L", "1", "P"),
    "AVIF": ("RGB", "RGBA", "L"),
    "TIFF": ("RGB", "L", "1", "P", "RGBA", "CMYK", "LA", "YCbCr", "LAB", "F"),
    "JPEG2000": ("RGB", "L", "RGBA", "LA"),
}
_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "JPEG": (
        *({"quality": quality, "subsampling": quality % 3} for quality in (1, 30, 61, 95, 100)),
        {"progressive": True},
        {"optimize": True},
        {"restart_marker_rows": 1},
        {"keep_rgb": True},
        {"icc_profile": b"spoilt" * 50_000},
        {"comment": b"\xff\xda" * 9_000},
        {"xmp": b"<x:xmpmeta/>" * 99, "dpi": (300, 300)},
        {"exif": b"Exif\0\0II*\0\xff\xff\xff\xff"},
        {"exif": b"Exif\0\0" + b"x" * 60_000},
    ),
    "PNG": ({"optimize": True}, {"compress_level": 0}, {"dpi": (72, 72)}),
    "WEBP": (
        {"lossless": True},
        {"lossless": True, "exact": True, "mode": "RGBA"},
        {"quality": 1},
        {"quality": 100, "method": 6},
        {"method": 0, "icc_profile": b"spoilt", "xmp": b"<x/>"},
        {"alpha_quality": 10, "mode": "RGBA"},
    ),
    "GIF": ({"interlace": 0}, {"comment": b"made by hand"}, {"transparency": 0, "mode": "P"}, {"optimize": True}),
    "AVIF": (
        {"quality": 5},
        {"quality": 100, "subsampling": "4:4:4"},
        {"subsampling": "4:2:2", "range": "limited"},
        {"subsampling": "4:0:0"},
        {"speed": 10, "alpha_premultiplied": True, "mode": "RGBA"},
    ),
    "TIFF": (
        *({"compression": way} for way in ("tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "jpeg", "packbits")),
        *({"compression": way, "mode": "1"} for way in ("group3", "group4", "tiff_ccitt")),
        *({"compression": way} for way in ("zstd", "lzma")),
        {"big_tiff": True},
        {"dpi": (300, 300), "description": "a page", "software": "a scanner"},
        {"compression": "tiff_lzw", "tiffinfo": {317: 2}},
    ),
    "JPEG2000": (
        {"no_jp2": True},
        {"irreversible": True, "quality_layers": [40, 10]},
        {"tile_size": (32, 32)},
        {"num_resolutions": 1},
        {"codeblock_size": (16, 16), "mct": 0},
        *({"progression": order} for order in ("RLCP", "RPCL", "PCRL", "CPRL")),
    ),
}


def png_with_chunk(body: Chunk, good: bool) -> bytes:
    """Make a PNG with one more piece; its sum is right if it is `good`."""
    return with_chunks(saved("PNG"), body, good=good)


_BOMB = zlib.compress(bytes(2**26))
_SPOILT = (
    (b"iCCP", b"icc\0\0" + _BOMB),
    (b"iCCP", b"spoilt"),
    (b"zTXt", b"a\0\0" + _BOMB),
    (b"iTXt", b"\xff"),
    (b"gAMA", b""),
    (b"eXIf", b"no exif"),
    (b"cHRM", b"x" * 7),
    (b"pHYs", b""),
    (b"tIME", b"99"),
)
_PALETTE = (b"PLTE", bytes(range(48)))
_PARTS: dict[str, Make] = {
    "PNG, interlaced": lambda: raw_png(rgb(), 2, interlaced=True),
    "PNG, interlaced, of one bit": lambda: raw_png(grey() >> 7, 0, 1, interlaced=True),
    "PNG of two bits": lambda: raw_png(grey() >> 6, 0, 2),
    "PNG of four bits": lambda: raw_png(grey() >> 4, 0, 4),
    "PNG of a palette of 16": lambda: raw_png(grey() >> 4, 3, 4, before=[_PALETTE]),
    "PNG of a palette, partly clear": lambda: raw_png(grey() >> 4, 3, 4, before=[_PALETTE, (b"tRNS", bytes(16))]),
    "PNG of 16 bits, grey": lambda: as_file(deep_grey(), "PNG"),
    "TIFF of 16 bits, grey": lambda: as_file(deep_grey(), "TIFF"),
    "TIFF of 16 bits, grey, packed": lambda: as_file(deep_grey(), "TIFF", compression="tiff_lzw"),
    "TIFF of 16 bits, grey, of a Mac": lambda: as_file(deep_grey().convert("I;16B"), "TIFF"),
    "TIFF of 32 bits, grey": lambda: as_file(deep_grey().convert("I"), "TIFF"),
    "JPEG2000 of 16 bits, grey": lambda: as_file(deep_grey(), "JPEG2000"),
    "PNG of 16 bits": lambda: raw_png(rgb().astype(np.uint16) * 257, 2, 16),
    "PNG of 16 bits, with alpha": lambda: raw_png(rgb("RGBA").astype(np.uint16) * 257, 6, 16),
    "PNG of 16 bits, grey with alpha": lambda: raw_png(rgb("LA").astype(np.uint16) * 257, 4, 16),
    "PNG of grey, one shade clear": lambda: raw_png(grey(), 0, before=[(b"tRNS", b"\0\x09")]),
    "PNG of RGB, one colour clear": lambda: raw_png(rgb(), 2, before=[(b"tRNS", bytes(6))]),
    "PNG in pieces of seven bytes": lambda: raw_png(rgb(), 2, piece=7),
    "PNG with thousands of texts": lambda: with_chunks(
        saved("PNG"), *[(b"tEXt", b"k\0" + bytes([65 + n % 26]) * 20) for n in range(5000)]
    ),
    "PNG with a wrong checksum of its pixels": lambda: saved("PNG")[:-16] + b"abcd" + saved("PNG")[-12:],
    "PNG without its end": lambda: saved("PNG")[:-12],
    "PNG with bytes behind": lambda: saved("PNG") + b"x" * 999,
    "an animated PNG": lambda: moving("PNG"),
    "JPEG without its end": lambda: saved("JPEG")[:-2],
    "JPEG with a few bytes missing": lambda: saved("JPEG", quality=90)[:-40],
    "JPEG with a film behind": lambda: saved("JPEG") + b"\xff\xda" * 99_999,
    "JPEG with a second picture, as of phones": lambda: moving("MPO"),
    "progressive JPEG without its end": lambda: saved("JPEG", progressive=True)[:-2],
    "progressive JPEG, half": lambda: saved("JPEG", progressive=True)[: len(saved("JPEG", progressive=True)) * 3 // 4],
    "progressive JPEG, grey": lambda: saved("JPEG", "L", progressive=True),
    "progressive JPEG of print": lambda: saved("JPEG", "CMYK", progressive=True),
    "WEBP with a few bytes missing": lambda: saved("WEBP")[:-20],
    "lossless WEBP with a byte missing": lambda: saved("WEBP", lossless=True)[:-1],
    "an animated WEBP": lambda: moving("WEBP"),
    "GIF cut short": lambda: saved("GIF")[:-30],
    "an animated GIF": lambda: moving("GIF", duration=40, loop=0),
    "an animated GIF that clears": lambda: moving("GIF", disposal=2, transparency=1),
    "an animated AVIF": lambda: moving("AVIF"),
    "pages of TIFF": lambda: moving("TIFF"),
    "BMP of 16 bits": lambda: raw_bmp(rgb(), 16),
    "BMP of 32 bits": lambda: raw_bmp(rgb(), 32),
    "BMP of 32 bits with masks": lambda: raw_bmp(rgb(), 32, packing=3),
    "BMP from the top down": lambda: raw_bmp(rgb(), 24, upside_down=False),
    "BMP of OS/2": lambda: raw_bmp(rgb(), 24, header=12),
    "BMP with a long header": lambda: raw_bmp(rgb(), 32, packing=3, header=124),
}
KINDS: dict[str, Make] = {
    **{f"{kind} {mode}": partial(saved, kind, mode) for kind, modes in _MODES.items() for mode in modes},
    **{f"{kind} with {' and '.join(map(str, options))} {number}": partial(saved, kind, **options)
       for kind, all_options in _OPTIONS.items() for number, options in enumerate(all_options)},
    **{f"JPEG turned {n}": partial(stored_turned, "JPEG", n) for n in range(1, 9)},
    **{f"{kind} turned {n}": partial(stored_turned, kind, n)
       for kind in ("PNG", "WEBP", "AVIF", "TIFF") for n in (3, 6)},
    **{f"PNG with a text of {size}": partial(with_text, size) for size in (10, 2**20 + 1, 2**21, 2**24)},
    **{f"PNG with {body[0].decode()} of {len(body[1])} bytes, sum {good}":
       partial(png_with_chunk, body, good)
       for body in _SPOILT for good in (True, False)},
    **_PARTS,
}  # fmt: skip
"""How each file is made, by what is special about it."""
