"""The type corrector: is it of this type? (Algorithm 1, lines 6-9; Figure 8). It sees the corrected span."""

from unco.nodes.questions.question import Case
from unco.nodes.questions.sent_picture import sent_crop, sent_picture
from unco.nodes.verify import verify_type
from unco.prompts import Answer, TypeAnswer, fact_lines, label_lines, neighbour_lines
from unco.tools.llm.request import SentPicture
from unco.types import Attribute


class TypeCorrector:
    """Asks about an entity's type."""

    attribute: Attribute = "type"

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """The post's text and picture, if it has one, the entity, its neighbours, the types, and facts."""
        values = {
            "text": case.extraction.text,
            "entity": case.entity.text,
            "entity_type": case.entity.type,
            "labels": label_lines(case.extraction.labels),
            "neighbours": neighbour_lines(case.neighbours),
            "facts": fact_lines(case.facts),
        }
        return values, sent_crop(case) if "type" in case.privacy.crop else sent_picture(case)

    def verify(self, answer: Answer, case: Case) -> str:
        """The type must be one of the scheme's."""
        assert isinstance(answer, TypeAnswer)
        return verify_type(answer.corrected_type, case.extraction.labels)
