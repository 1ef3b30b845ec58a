"""The span corrector: are these the right words? (Algorithm 1, lines 2-5; text only, as in the paper's Figure 7)."""

from unco.nodes.questions.question import EntityQuestion
from unco.nodes.verify import verify_span
from unco.prompts import Answer, SpanAnswer, label_lines, neighbour_lines
from unco.tools.llm.request import SentPicture
from unco.types import Attribute, Span


class SpanCorrector:
    """Asks about an entity's words."""

    attribute: Attribute = "span"

    def prompt_values(self, question: EntityQuestion) -> tuple[dict[str, str], SentPicture | None]:
        """Give the post's text, the entity's words and type, its neighbours, and the types with their descriptions."""
        values = {
            "text": question.extraction.text,
            "entity": question.entity.text,
            "entity_type": question.type_in_words,
            "labels": label_lines(question.extraction.labels),
            "neighbours": neighbour_lines(question.neighbours),
        }
        return values, None

    def verify(self, answer: Answer, question: EntityQuestion) -> Span:
        """Check that the words stand in the post, near the old ones, and are no neighbour's."""
        assert isinstance(answer, SpanAnswer)
        # Else the next questions would be about the neighbour, and its type and box come back as this one's.
        taken = [neighbour.span for neighbour in question.neighbours]
        return verify_span(answer.corrected_entity, question.entity.span, question.extraction.tokens, taken)
