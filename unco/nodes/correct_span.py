"""The span corrector: are these the right words? (Algorithm 1, lines 2-5; text only, as in the paper's Figure 7)."""

from unco.nodes.correction import Case, Readable
from unco.nodes.verify import verify_span
from unco.prompts import SpanAnswer
from unco.tools.request import SentPicture
from unco.types import Attribute, Entity, Span


class SpanCorrector:
    """Asks about an entity's words."""

    attribute: Attribute = "span"

    def before(self, entity: Entity) -> Span:
        """The span as it stands."""
        return entity.span

    def question(self, case: Case) -> tuple[dict[str, str], SentPicture | None]:
        """The post's text and the entity's words."""
        return {"text": case.extraction.text, "entity": case.entity.text}, None

    def verify(self, answer: Readable, case: Case) -> Span:
        """The words must stand in the post, near the old ones."""
        assert isinstance(answer, SpanAnswer)
        return verify_span(answer.corrected_entity, case.entity.span, case.extraction.tokens)
