import json
from pathlib import Path

import pytest

from unco.errors import DataError
from unco.evals.simulation.gold import GoldIndex, best_match, read_gold
from unco.types import Box, GoldEntity, GoldPost, Span

MEANT_ANOTHER = 102
"""Of 16,772 entities of Twitter-GMNER, those taken for another: of a name that stands twice, the second."""


def words(post: GoldPost, entity: GoldEntity) -> str:
    return " ".join(post.tokens[entity.span.start : entity.span.stop])


def entity(start: int, stop: int) -> GoldEntity:
    return GoldEntity(Span(start, stop), "PER", ())


POST = GoldPost(
    "1", ("Ann", "meets", "Ann", "Lee", "and", "@", "joe", "Lee's"), (entity(0, 1), entity(2, 4), entity(5, 7)), None
)


@pytest.mark.parametrize(
    ("words", "index"),
    [
        ("Ann", 0),
        ("Ann Lee", 1),
        ("Lee and", 1),
        ("meets Ann", 1),
        ("@joe", 2),
        ("joe Lee's", 2),
        ("meets", None),
        ("", None),
        ("Bob", None),
    ],
)
def test_the_entity_that_is_meant(words: str, index: int | None) -> None:
    assert best_match(POST, words) == (None if index is None else POST.entities[index])


def test_a_name_and_its_hashtag_are_told_apart_by_their_spaces() -> None:
    post = GoldPost("1", ("New", "Oslo", "#", "NewOslo"), (entity(0, 2), entity(3, 4)), None)
    assert best_match(post, "New Oslo") == post.entities[0]
    assert best_match(post, "NewOslo") == post.entities[1]


def test_a_text_is_found_again_however_it_is_spaced() -> None:
    index = GoldIndex([POST])
    assert index.find("Ann meets Ann Lee  and @joe Lee's", (10, 10)) is POST
    assert index.find("Ann meets", None) is None


def test_a_file_of_posts(tmp_path: Path) -> None:
    lines = [
        {
            "text": "Ann sings",
            "entities": [{"start": 0, "stop": 1, "type": "PER", "boxes": [[1, 2, 3, 4]]}],
            "width": 10,
            "height": 20,
        },
        {"id": "b", "tokens": ["New", "Oslo"]},
    ]
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    first, second = read_gold(tmp_path / "gold.jsonl")
    place = f"{tmp_path / 'gold.jsonl'}:1"  # a post without an id is called by it
    assert first == GoldPost(place, ("Ann", "sings"), (GoldEntity(Span(0, 1), "PER", (Box(1, 2, 3, 4),)),), (10, 20))
    assert second == GoldPost("b", ("New", "Oslo"), (), None)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "gold.jsonl: cut off in the middle"),
        ("7", "gold.jsonl:1"),
        ('{"text": "a", "tokens": ["a"]}', "give text or tokens"),
        ('{"text": "a", "entity": []}', "entity"),
        (
            '{"text": "a", "entities": [{"start": 0, "stop": 2, "type": "PER"}]}',
            "gold.jsonl:1.*the span 0:2 lies outside the text of 1 tokens",
        ),
        ('{"text": "a", "entities": [{"start": 1, "stop": 1, "type": "PER"}]}', "span needs"),
    ],
)
def test_lines_that_are_none(line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(line)
    with pytest.raises(DataError, match=says):
        read_gold(tmp_path / "gold.jsonl")


def test_a_folder_without_posts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no file of posts"):
        read_gold(tmp_path)


def test_the_real_data_set(shared: Path) -> None:
    coarse = read_gold(shared / "data" / "twitter-gmner")
    assert len(coarse) == 10_000
    assert {entity.type for post in coarse for entity in post.entities} == {"PER", "ORG", "LOC", "OTHER"}
    index = GoldIndex(coarse)
    asked = [(post, entity) for post in coarse for entity in post.entities]
    found = [best_match(index.find(" ".join(post.tokens), None) or post, words(post, entity)) for post, entity in asked]
    wrong = sum(entity.span != other.span for (_, entity), other in zip(asked, found, strict=True) if other)
    assert (len(asked), found.count(None)) == (16_772, 1)  # one of a text that stands twice, annotated otherwise
    assert wrong == MEANT_ANOTHER
