"""The type corrector: is the type right? (Algorithm 1, lines 6-9; Figure 8). It sees the corrected span."""

from unco.nodes.questions.question import EntityQuestion
from unco.nodes.questions.sent_picture import sent_crop, sent_picture
from unco.nodes.verify import verify_type
from unco.prompts import Answer, TypeAnswer, fact_lines, label_lines, neighbour_lines
from unco.tools.llm.request import SentPicture
from unco.types import Attribute


class TypeCorrector:
    """Asks about an entity's type."""

    attribute: Attribute = "type"

    def prompt_values(self, question: EntityQuestion) -> tuple[dict[str, str], SentPicture | None]:
        """Give the post's text and picture, if it has one, the entity, its neighbours, the types, and facts."""
        values = {
            "text": question.extraction.text,
            "entity": question.entity.text,
            "entity_type": question.type_in_words,
            "labels": label_lines(question.extraction.labels),
            "neighbours": neighbour_lines(question.neighbours),
            "facts": fact_lines(question.facts),
        }
        return values, sent_crop(question) if "type" in question.privacy.crop else sent_picture(question)

    def verify(self, answer: Answer, question: EntityQuestion) -> str:
        """Check that the type is one of the scheme's."""
        assert isinstance(answer, TypeAnswer)
        return verify_type(answer.corrected_type, question.extraction.labels)
