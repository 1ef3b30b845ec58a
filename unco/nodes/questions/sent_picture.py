"""Prepares the picture for the MLLM: at the size its box frame asks for, encoded anew without metadata."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from PIL.Image import Resampling

from unco.errors import PictureError
from unco.nodes.questions.part import Part, crop_corners
from unco.nodes.questions.question import EntityQuestion, Question
from unco.tools.box_frames.frame import sent_size
from unco.tools.llm.request import SentPicture
from unco.tools.pictures.decode import encode_jpeg_or_png
from unco.tools.pictures.mark_boxes import mark_boxes
from unco.tools.pictures.resize import fit
from unco.tools.pictures.view import view_picture
from unco.types import Box, PictureInfo


def sent_picture(question: Question) -> SentPicture | None:
    """Encode the post's picture; None when it has none, or when nobody will be asked."""
    if question.image is None or question.frame is None:
        return None
    info = _checked_info(question, question.image)
    return _encoded(question.image, info.sha256, sent_size(question.frame, info.width, info.height), None)


def sent_crop(question: EntityQuestion) -> SentPicture | None:
    """Encode the entity's box of the picture alone; None when it has no box. For questions without boxes."""
    box = question.entity.region
    if question.image is None or question.frame is None or box is None:
        return None
    info = _checked_info(question, question.image)
    corners = crop_corners(box, info.width, info.height)
    size = fit(corners[2] - corners[0], corners[3] - corners[1], question.privacy.longest_side or 2048)
    return _encoded(question.image, info.sha256, size, corners)


def marked_picture(question: EntityQuestion, candidates: tuple[Box, ...]) -> SentPicture | None:
    """Encode the picture with the numbered candidates and the entity's box drawn in."""
    if question.image is None or question.frame is None:
        return None
    info = _checked_info(question, question.image)
    size = sent_size(question.frame, info.width, info.height)
    return _marked(question.image, info.sha256, size, candidates, question.entity.region)


def marked_part(question: Question, part: Part, candidates: Mapping[int, Box], found: Box | None) -> SentPicture | None:
    """Encode a part of the picture, enlarged, with candidates by their numbers and the entity's box drawn in.

    Args:
        question: about the picture.
        part: of it.
        candidates: by number, in pixels of the part.
        found: the entity's box, likewise; None = it is not in the part.
    """
    if question.image is None or question.frame is None:
        return None
    _checked_info(question, question.image)
    picture, size = view_picture(question.image), sent_size(question.frame, part.width, part.height)
    left, top, right, bottom = (picture.scale * side for side in part.corners)
    edge = float(picture.image.width), float(picture.image.height)
    area = left, top, min(right, edge[0]), min(bottom, edge[1])
    enlarged = picture.image.resize(size, Resampling.LANCZOS, box=area)
    scales = size[0] / part.width, size[1] / part.height
    marked = mark_boxes(enlarged, tuple(candidates.values()), found, scales, tuple(candidates))
    return _sent(*encode_jpeg_or_png(marked))


def _checked_info(question: Question, image: str) -> PictureInfo:
    """Check that the picture is the one that the small model saw, as boxes are in its pixels.

    Raises:
        PictureError: it has changed since, or cannot be opened any more.
    """
    info, extracted = view_picture(image).info, question.extraction.seen_picture
    if extracted is not None and extracted.sha256 != info.sha256:
        raise PictureError(f"{info.ref} has changed since the small model looked at it: run the post again")
    return info


@lru_cache(maxsize=4)
def _encoded(ref: str, _sha256: str, size: tuple[int, int], corners: tuple[int, int, int, int] | None) -> SentPicture:
    """Encode a picture, or one area, once for all questions; the hash makes a changed file a new one."""
    picture = view_picture(ref)
    if corners is None:
        return _sent(*encode_jpeg_or_png(picture.image, size))
    left, top, right, bottom = (picture.scale * side for side in corners)
    area = int(left), int(top), max(int(left) + 1, round(right)), max(int(top) + 1, round(bottom))
    return _sent(*encode_jpeg_or_png(picture.image.crop(area), size))


@lru_cache(maxsize=4)
def _marked(
    ref: str, _sha256: str, size: tuple[int, int], candidates: tuple[Box, ...], found: Box | None
) -> SentPicture:
    """Draw boxes into the resized picture, so that lines and numbers keep their width."""
    picture = view_picture(ref)
    scales = size[0] / picture.info.width, size[1] / picture.info.height
    resized = picture.image.resize(size, Resampling.LANCZOS)
    return _sent(*encode_jpeg_or_png(mark_boxes(resized, candidates, found, scales)))


def _sent(mime: str, data: bytes) -> SentPicture:
    return SentPicture(mime, sha256(data).hexdigest(), data)
