"""The region corrector: where is the entity in the picture? (Algorithm 1, lines 10-13; Figure 9).

It sees the corrected span and type. The box is shown and read in the frame of the model that is asked, at the size at
which the picture is sent.
"""

import json

from unco.errors import Unavailable
from unco.nodes.questions.frame_in_words import MAX_CANDIDATES, box_in_frame, named_lines, offered
from unco.nodes.questions.question import EntityQuestion
from unco.nodes.questions.sent_picture import marked_picture, sent_picture
from unco.nodes.verify import verify_candidate, verify_region
from unco.prompts import Answer, CandidateAnswer, RegionAnswer, load_prompt, neighbour_lines
from unco.prompts.rendering import one_line
from unco.tools.box_frames.frame import describe
from unco.tools.llm.request import SentPicture
from unco.types import Attribute, Box


class RegionCorrector:
    """Asks where an entity is in the picture."""

    attribute: Attribute = "region"

    def prompt_values(self, question: EntityQuestion) -> tuple[dict[str, str], SentPicture | None]:
        """Give text and picture, the entity with type and box, the box frame, neighbours, candidates and lines of text.

        Raises:
            Unavailable: the post has no picture.
        """
        info = question.extraction.seen_picture
        if (
            info is None or question.image is None
        ):  # saved predictions may know a picture that the caller did not hand in
            raise Unavailable("the post has no picture to look at", "no_picture")
        size, candidates = (info.width, info.height), offered(question)
        values = {
            "text": question.extraction.text,
            "entity": question.entity.text,
            "entity_type": question.type_in_words,
            "box": box_in_frame(question.entity.region, question.frame, info),
            "frame": describe(question.frame, *size) if question.frame is not None else "",
            "neighbours": neighbour_lines(question.neighbours),
            "candidates": named_lines(
                (str(n), box_in_frame(box, question.frame, info)) for n, box in enumerate(candidates, 1)
            ),
            "text_lines": named_lines(
                (json.dumps(one_line(line.text), ensure_ascii=False), box_in_frame(line.box, question.frame, info))
                for line in question.extraction.text_lines[:MAX_CANDIDATES]
            ),
        }
        marked = load_prompt("region", question.context.prompt_version("region")).picture == "marked"
        return values, marked_picture(question, candidates) if marked else sent_picture(question)

    def verify(self, answer: Answer, question: EntityQuestion) -> Box | None:
        """Check that the box lies in the picture, or that the number is a candidate's."""
        assert isinstance(answer, RegionAnswer)
        assert question.frame is not None
        assert question.extraction.seen_picture is not None
        size = (question.extraction.seen_picture.width, question.extraction.seen_picture.height)
        if isinstance(answer, CandidateAnswer):
            return verify_candidate(answer, question.entity.region, question.frame, size, offered(question))
        return verify_region(answer, question.entity.region, question.frame, size)
