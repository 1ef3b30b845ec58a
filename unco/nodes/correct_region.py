"""The region corrector: is it there in the picture? (Algorithm 1, lines 10-13; Figure 9).

It sees the corrected span and type. The box is shown and read in the frame of the model that is asked, at the size at
which the picture is sent.
"""

import json

from unco.errors import Unavailable
from unco.nodes.correction import Case, Readable
from unco.nodes.sent_picture import sent_picture
from unco.nodes.verify import verify_region
from unco.prompts import RegionAnswer
from unco.tools.frames import describe, encode
from unco.tools.request import SentPicture
from unco.types import Attribute, Box, Entity


class RegionCorrector:
    """Asks where an entity is."""

    attribute: Attribute = "region"

    def before(self, entity: Entity) -> Box | None:
        """The region as it stands."""
        return entity.region

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """The post's text and picture, the entity with its type, its box and the frame in words.

        Raises:
            Unavailable: the post has no picture.
        """
        info = case.extraction.picture
        if info is None or case.image is None:  # saved predictions may know a picture that the caller did not hand in
            raise Unavailable("the post has no picture to look at")
        box, frame = case.entity.region, case.frame
        size = (info.width, info.height)
        values = {
            "text": case.extraction.text,
            "entity": case.entity.text,
            "entity_type": case.entity.type,
            "box": json.dumps(encode(box, frame, *size)) if box is not None and frame is not None else "null",
            "frame": describe(frame, *size) if frame is not None else "",
        }
        return values, sent_picture(case)

    def verify(self, answer: Readable, case: Case) -> Box | None:
        """The box must lie in the picture."""
        assert isinstance(answer, RegionAnswer)
        assert case.frame is not None
        assert case.extraction.picture is not None
        info = case.extraction.picture
        return verify_region(answer, case.entity.region, case.frame, (info.width, info.height))
