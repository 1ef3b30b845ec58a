"""The picture as it goes to the MLLM: at the size its box frame asks for, written anew without metadata."""

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

from PIL import Image

from unco.nodes.correction import Case, PostCase
from unco.tools.extractor import view_picture
from unco.tools.frames import sent_size
from unco.tools.mark_boxes import mark_boxes
from unco.tools.pictures import encode_jpeg_or_png
from unco.tools.request import SentPicture
from unco.types import Box


def sent_picture(case: PostCase) -> SentPicture | None:
    """The post's picture; None when it has none, or when nobody will be asked."""
    if case.image is None or case.frame is None:
        return None
    info = view_picture(case.image).info
    return _encoded(case.image, info.sha256, sent_size(case.frame, info.width, info.height))


def marked_picture(case: Case, candidates: tuple[Box, ...]) -> SentPicture | None:
    """The same with the candidates drawn in by number, and the box of the case's entity."""
    if case.image is None or case.frame is None:
        return None
    info = view_picture(case.image).info
    size = sent_size(case.frame, info.width, info.height)
    return _marked(case.image, info.sha256, size, candidates, case.entity.region)


@lru_cache(maxsize=4)
def _encoded(ref: str, _sha256: str, size: tuple[int, int]) -> SentPicture:
    """Two correctors of each entity send the same picture; the hash makes a changed file a new one."""
    return _sent(*encode_jpeg_or_png(view_picture(ref), size))


@lru_cache(maxsize=4)
def _marked(
    ref: str, _sha256: str, size: tuple[int, int], candidates: tuple[Box, ...], found: Box | None
) -> SentPicture:
    """Resized first, so that lines and numbers have their width in what is sent."""
    picture = view_picture(ref)
    scales = size[0] / picture.info.width, size[1] / picture.info.height
    resized = picture.image.resize(size, Image.Resampling.LANCZOS)
    return _sent(*encode_jpeg_or_png(replace(picture, image=mark_boxes(resized, candidates, found, scales))))


def _sent(mime: str, data: bytes) -> SentPicture:
    return SentPicture(mime, sha256(data).hexdigest(), data)
