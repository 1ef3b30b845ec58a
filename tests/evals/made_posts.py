"""Any gold posts and predictions, for property tests: odd tokens, adjacent entities, several boxes."""

from dataclasses import replace

from hypothesis import strategies as st

from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty

TOKENS = st.text(st.characters(exclude_characters="\n\t", exclude_categories=["Cs"]), min_size=1, max_size=5)
NAME_CHARACTERS = st.characters(exclude_characters="\ufffe\uffff", exclude_categories=["Cs", "Cc"])
NAMES = st.text(NAME_CHARACTERS, min_size=1, max_size=5) | st.sampled_from(
    ["\r", "&amp", "<b>", "\u200b", "\x92", "]]>"]
)
KINDS = st.sampled_from(["PER", "LOC", "ORG", "OTHER", "MISC", "a b-c"])
SIZE = (640, 480)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A box of a picture of `SIZE`, whole numbers or fractions."""
    number = st.integers if draw(st.booleans()) else st.floats
    x1, y1 = draw(number(0, 500)), draw(number(0, 400))
    return Box(x1, y1, x1 + draw(number(1, 100)), y1 + draw(number(1, 80)))


@st.composite
def spans(draw: st.DrawFn, words: int) -> list[Span]:
    """Spans of a text in its order, often adjacent, none overlapping."""
    edges = sorted(draw(st.sets(st.integers(0, words), max_size=6)))
    return [Span(*pair) for pair in zip(edges, edges[1:], strict=False) if draw(st.booleans())]


@st.composite
def gold_posts(draw: st.DrawFn, tokens: st.SearchStrategy[str] = TOKENS) -> list[GoldPost]:
    """Posts with entities in the order of the text; the same words have the same boxes."""
    posts = []
    for identity in draw(st.lists(st.from_regex(r"[A-Za-z0-9_.]{1,8}", fullmatch=True), max_size=4, unique=True)):
        words = tuple(draw(st.lists(tokens, max_size=8)))
        size = SIZE if draw(st.booleans()) else None
        named: dict[str, tuple[Box, ...]] = {}
        entities = []
        for span in draw(spans(len(words))):
            held = tuple(draw(st.lists(boxes(), max_size=3))) if size else ()
            held = named.setdefault(" ".join(words[span.start : span.stop]), held)
            entities.append(GoldEntity(span, draw(KINDS), held))
        posts.append(GoldPost(identity, words, tuple(entities), size))
    return posts


@st.composite
def any_span(draw: st.DrawFn, words: int) -> Span:
    """A span of a text that has words."""
    start = draw(st.integers(0, words - 1))
    return Span(start, draw(st.integers(start + 1, words)))


@st.composite
def predictions(draw: st.DrawFn) -> list[PredictedPost]:
    """Predictions of any order, repeated and overlapping ones among them."""
    value = st.floats(0, 3)
    made = []
    for post in draw(gold_posts()):
        entity = st.builds(
            Predicted,
            any_span(len(post.tokens)),
            KINDS,
            st.none() | boxes() | st.just(NOWHERE),
            st.none() | st.builds(Uncertainty, value, value, value),
        )
        entities = tuple(draw(st.lists(entity, max_size=5))) if post.tokens else ()
        tokens = post.tokens if draw(st.booleans()) else None
        candidates = draw(st.none() | st.lists(boxes(), max_size=3).map(tuple))
        made.append(PredictedPost(post.id, entities, tokens, candidates))
    return made


def without_sizes(posts: list[GoldPost]) -> list[GoldPost]:
    return [replace(post, size=None) for post in posts]
