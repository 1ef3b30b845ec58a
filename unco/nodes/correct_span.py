"""The span corrector: are these the right words? (Algorithm 1, lines 2-5; text only, as in the paper's Figure 7)."""

from unco.nodes.questions.question import Case
from unco.nodes.verify import verify_span
from unco.prompts import Answer, SpanAnswer, label_lines, neighbour_lines
from unco.tools.llm.request import SentPicture
from unco.types import Attribute, Span


class SpanCorrector:
    """Asks about an entity's words."""

    attribute: Attribute = "span"

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """The post's text, the entity's words and type, its neighbours, and the types with their descriptions."""
        values = {
            "text": case.extraction.text,
            "entity": case.entity.text,
            "entity_type": case.entity.type,
            "labels": label_lines(case.extraction.labels),
            "neighbours": neighbour_lines(case.neighbours),
        }
        return values, None

    def verify(self, answer: Answer, case: Case) -> Span:
        """The words must stand in the post, near the old ones, and be no neighbour's, shown or not."""
        assert isinstance(answer, SpanAnswer)
        # Else the next questions would be about the neighbour, and its type and box come back as this one's.
        taken = [neighbour.span for neighbour in case.neighbours]
        return verify_span(answer.corrected_entity, case.entity.span, case.extraction.tokens, taken)
