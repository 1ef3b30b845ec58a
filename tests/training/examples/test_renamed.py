"""Copies of posts with other names of the same types."""

from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import gold_post
from unco.training.examples.renamed import renamed_posts
from unco.types import Box, GoldEntity, GoldPost, Span

OTHER = GoldPost(
    "2",
    ("Bo", "van", "Dam", "sings"),
    (GoldEntity(Span(0, 3), "PER", (Box(1, 1, 5, 5),)),),
    (9, 9),
)
NAMES: dict[str, set[tuple[str, ...]]] = {"PER": {("Ann", "Lee"), ("Bo", "van", "Dam")}, "ORG": {("Blue", "Owls")}}


@given(copies=st.integers(0, 5), seed=st.integers(0, 99))
def test_each_copy_keeps_the_context_and_the_types(copies: int, seed: int) -> None:
    made = renamed_posts([gold_post(), OTHER, GoldPost("3", ("hi",), (), None)], copies, seed)
    assert [post.id for post in made] == [f"{name}#{copy + 1}" for copy in range(copies) for name in ("1", "2")]
    for post in made:
        assert post.size is None
        names = [post.tokens[entity.span.start : entity.span.stop] for entity in post.entities]
        assert all(name in NAMES[entity.type] for name, entity in zip(names, post.entities, strict=True))
        assert all(entity.boxes == () for entity in post.entities)
        inside = {word for entity in post.entities for word in range(entity.span.start, entity.span.stop)}
        around = [word for place, word in enumerate(post.tokens) if place not in inside]
        assert around == (["plays", "for", "the", "!"] if post.id.startswith("1") else ["sings"])


def test_names_change_and_chance_comes_from_the_seed() -> None:
    made = renamed_posts([gold_post(), OTHER], 8, seed=1)
    assert made == renamed_posts([gold_post(), OTHER], 8, seed=1)
    assert made != renamed_posts([gold_post(), OTHER], 8, seed=2)
    assert {" ".join(post.tokens) for post in made if post.id.startswith("2")} == {"Ann Lee sings", "Bo van Dam sings"}
