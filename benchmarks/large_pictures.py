"""Large pictures, as phones, scanners and programs make them, up to what is read at all."""

from functools import partial

from PIL import Image, ImageFilter

from benchmarks.made_pictures import Make, as_file

_TILE = 1024


def photo(width: int, height: int, kind: str, **options: object) -> bytes:
    """Make a picture as busy as a photo, of one tile again and again."""
    noise = [Image.effect_noise((_TILE, _TILE), 90).filter(ImageFilter.GaussianBlur(2)) for _ in "RGB"]
    return as_file(_tiled(Image.merge("RGB", noise), width, height), kind, **options)


def drawing(width: int, height: int, kind: str, mode: str = "RGB", **options: object) -> bytes:
    """Make a picture of few colours, as screenshots and scanned pages are."""
    tile = Image.linear_gradient("L").resize((_TILE, _TILE)).quantize(16).convert(mode)
    return as_file(_tiled(tile, width, height), kind, **options)


def _tiled(tile: Image.Image, width: int, height: int) -> Image.Image:
    whole = Image.new(tile.mode, (width, height))
    for left in range(0, width, _TILE):
        for top in range(0, height, _TILE):
            whole.paste(tile, (left, top))
    return whole


LARGE: dict[str, Make] = {
    "JPEG of 12 million pixels": partial(photo, 4032, 3024, "JPEG", quality=90),
    "JPEG of 50 million pixels": partial(photo, 8160, 6144, "JPEG", quality=90),
    "JPEG of 108 million pixels": partial(photo, 12000, 9000, "JPEG", quality=80),
    "JPEG of 200 million pixels": partial(photo, 16320, 12240, "JPEG", quality=75),
    "JPEG of 59 million pixels, a panorama": partial(photo, 16382, 3628, "JPEG", quality=90),
    "progressive JPEG of 24 million pixels": partial(photo, 6000, 4000, "JPEG", quality=90, progressive=True),
    "progressive JPEG of 50 million pixels": partial(photo, 8160, 6144, "JPEG", quality=85, progressive=True),
    "PNG of 12 million pixels": partial(photo, 4032, 3024, "PNG", compress_level=1),
    "PNG of 65 million pixels": partial(drawing, 10000, 6500, "PNG", compress_level=1),
    "PNG of 6 million pixels, a strip": partial(drawing, 300, 20000, "PNG"),
    "WEBP of 16 million pixels": partial(photo, 4608, 3456, "WEBP", method=0),
    "WEBP of 24 million pixels": partial(photo, 5600, 4300, "WEBP", method=0),
    "GIF of 16 million pixels": partial(drawing, 4608, 3456, "GIF", "L"),
    "BMP of 20 million pixels": partial(photo, 5472, 3648, "BMP"),
    "AVIF of 12 million pixels": partial(photo, 4032, 3024, "AVIF", speed=10),
    "AVIF of 36 million pixels": partial(photo, 6900, 5200, "AVIF", speed=10),
    "TIFF of 16 million pixels": partial(photo, 4608, 3456, "TIFF", compression="tiff_lzw"),
    "TIFF of 70 million pixels, a page": partial(drawing, 7000, 10000, "TIFF", "1", compression="group4"),
    "JPEG2000 of 4 million pixels": partial(photo, 2300, 1700, "JPEG2000"),
    "JPEG2000 of 16 million pixels": partial(photo, 4608, 3456, "JPEG2000"),
    "JPEG2000 of 16 million pixels, lossy": partial(
        photo, 4608, 3456, "JPEG2000", irreversible=True, quality_layers=[20]
    ),
    "JPEG2000 of 50 million pixels": partial(photo, 8160, 6144, "JPEG2000", irreversible=True, quality_layers=[20]),
}
HEIC: dict[str, Make] = {
    "HEIC of 12 million pixels": partial(photo, 4032, 3024, "HEIF", quality=60),
    "HEIC of 48 million pixels": partial(photo, 8064, 6048, "HEIF", quality=60),
}
"""Written where pillow-heif is installed."""
