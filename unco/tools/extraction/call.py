"""Calls an extractor so that a picture that cannot be used does not cost the text.

A post with such a picture is read as if it had none. A picture that may not be opened stays an error: whoever names one
is to know.
"""

import asyncio
from dataclasses import replace

from unco.errors import PictureError
from unco.tools.extraction.extractor import AsyncExtractor, Extractor
from unco.types import Extraction, Post, UnusablePicture


def extract_post(extractor: Extractor, post: Post) -> Extraction:
    """Call an extractor; where the picture cannot be used, call it again with the text alone.

    Raises:
        PostError: the text cannot be used.
        PictureError: the picture may not be opened.
    """
    try:
        return extractor(post)
    except PictureError as fault:
        return _ungrounded(extractor(_text_alone(post, fault)), fault)


async def extract_async(extractor: Extractor, post: Post) -> Extraction:
    """Call any extractor from async code, as `extract_post` does: one without `acall` runs in a thread."""
    if not isinstance(extractor, AsyncExtractor):
        return await asyncio.to_thread(extract_post, extractor, post)
    try:
        return await extractor.acall(post)
    except PictureError as fault:
        return _ungrounded(await extractor.acall(_text_alone(post, fault)), fault)


def refuse_unusable(found: Extraction, strict: bool) -> None:
    """Raise the error of a picture that could not be used, in a run that is strict about pictures.

    Raises:
        PictureError: the picture's own.
    """
    if strict and isinstance(found.picture, UnusablePicture):
        raise PictureError(found.picture.detail, found.picture.reason)


def _text_alone(post: Post, fault: PictureError) -> Post:
    """Drop the picture and what refers to it, unless it may not be opened at all."""
    if fault.reason is None or post.image is None:
        raise fault
    return replace(post, image=None, regions=None)


def _ungrounded(found: Extraction, fault: PictureError) -> Extraction:
    """Mark the picture as unusable; boxes of a saved prediction are dropped, as nobody can check them."""
    assert fault.reason is not None  # `_text_alone` has seen to it
    return replace(
        found,
        entities=tuple(replace(entity, region=None) for entity in found.entities),
        picture=UnusablePicture(fault.reason, str(fault)),
        warnings=(f"the picture cannot be used: {fault}", *found.warnings),
        candidates=(),
        text_lines=(),
    )
