"""The picture as it goes to the MLLM: at the size its box frame asks for, written anew without metadata."""

from functools import lru_cache
from hashlib import sha256

from unco.nodes.correction import Case
from unco.tools.extractor import view_picture
from unco.tools.frames import sent_size
from unco.tools.pictures import encode_jpeg_or_png
from unco.tools.request import SentPicture


def sent_picture(case: Case) -> SentPicture | None:
    """The post's picture; None when it has none, or when nobody will be asked."""
    if case.image is None or case.frame is None:
        return None
    info = view_picture(case.image).info
    return _encoded(case.image, info.sha256, sent_size(case.frame, info.width, info.height))


@lru_cache(maxsize=4)
def _encoded(ref: str, _sha256: str, size: tuple[int, int]) -> SentPicture:
    """Two correctors of each entity send the same picture; the hash makes a changed file a new one."""
    mime, data = encode_jpeg_or_png(view_picture(ref), size)
    return SentPicture(mime, sha256(data).hexdigest(), data)
