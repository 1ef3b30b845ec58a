"""Texts of several lines that the benchmark of line breaks makes: their names stand where the gold says."""

from benchmarks.lines import _broken, _joined, lists_of_names
from tests.tiny import gold_post


def test_names_stand_where_the_gold_says() -> None:
    post = gold_post("1")
    names = {(" ".join(post.tokens[one.span.start : one.span.stop]), one.type) for one in post.entities}
    assert names
    for made in (_joined([post, post], "\n\n"), _broken(post, 8), *lists_of_names([post])):
        assert {(made.text[start:stop].replace("\n", " "), kind) for start, stop, kind in made.gold} <= names
    assert len(_joined([post, post], "\n").gold) == 2 * len(post.entities)
    assert "\n" in _broken(post, 8).text
