"""Files that strangers bring: what they plainly mean is read, and what would lose text silently is refused by name."""

from pathlib import Path

import pytest

from unco.corpus.posts import count_posts, read_posts
from unco.errors import DataError

BOTH = ["Ann sings", "Bo plays"]


def read(folder: Path, name: str, text: str) -> list[object]:
    """Return the text of each post, or its fault."""
    (folder / name).write_text(text, newline="")
    return [line.post.text if line.post else line.fault for line in read_posts(folder / name)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{\n "text": "Ann sings"\n}\n{\n "text": "Bo plays"\n}\n'),
        ("a.json", '\ufeff{\r\n "text": "Ann sings"\r\n}\r\n\r\n{\r\n "text": "Bo plays"\r\n}\r\n'),
        ("a.txt", '[\n {"text": "Ann sings"},\n {"text": "Bo plays"}\n]'),
        ("b.txt", '[{"text": "Ann sings"}, {"text": "Bo plays"}]\n'),
        ("c.txt", "text,id\nAnn sings,1\nBo plays,2\n"),
        ("d.txt", 'id\t"Text"\n1\tAnn sings\n2\tBo plays\n'),
    ],
)
def test_a_file_is_read_for_what_it_holds_whatever_its_name(name: str, text: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, text) == BOTH
    assert count_posts(tmp_path / name) in (2, None)


@pytest.mark.parametrize("first", ["Please text, Ann", "text", "Ann, text", "Say, this text, here"])
def test_running_text_about_a_text_is_no_table(first: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", f"{first}\nBo plays well\nAnn sings\n") == [first, "Bo plays well", "Ann sings"]


def test_quotes_that_join_two_rows_of_tabs_are_named(tmp_path: Path) -> None:
    faults = read(tmp_path, "a.tsv", 'id\ttext\n1\t"Ann sings\n2\tBo plays"\n3\tOwls win\n')
    assert faults[1:] == ["Owls win"]
    assert str(faults[0]).startswith("line 2: a cell begins with a quote and ends in another row")
    assert read(tmp_path, "b.tsv", 'id\ttext\n1\t"Ann\nsings"\n') == ["Ann\nsings"]
    [fault] = read(tmp_path, "c.csv", "text,id\nAnn, Bo,1\n")
    assert fault == "line 2: 3 cells, but the header has 2: put a cell with ',' in it into quotes"


@pytest.mark.parametrize("first", ["text\tO", "Text\tNN", "text NN O", "tokens\tB-LOC"])
def test_the_token_text_is_no_header(first: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", f"{first}\nAnn\tO\n") == [[first.split()[0], "Ann"]]


@pytest.mark.parametrize(
    "text", ["Ann sings in Oslo\tgood\nBo plays well\tbad\n", "1\tAnn sings\tgood\n2\tBo plays well\tbad\n"]
)
@pytest.mark.parametrize("name", ["a.txt", "a.conll"])
def test_a_table_without_a_header_is_no_post_of_long_tokens(name: str, text: str, tmp_path: Path) -> None:
    [fault] = read(tmp_path, name, text)
    assert str(fault).startswith("line 1 holds several words where CoNLL text has one token")
    assert str(fault).endswith("a table with a header .tsv")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two columns are called 'text'"):
        read(tmp_path, "a.csv", "Text,text\nAnn,Bo\n")
    assert read(tmp_path, "b.csv", "text,note,note\nAnn,a,b\n") == ["Ann"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"tweet": "Ann"}', "there is no `text`; leave out what is no field of a post: tweet"),
        ('{"text": "Ann", "label": 1, "date": 2}', "leave out what is no field of a post: label, date"),
        ('{"text": null}', "text is neither a text nor a list of tokens, which are texts"),
        ('{"text": ["Ann", 5]}', "text is neither a text nor a list of tokens, which are texts"),
        ('{"text": [["Ann"]]}', "text is neither a text nor a list of tokens, which are texts"),
        ('{"text": "Ann"},', "it is not one JSON object on a line: Extra data: line 1 column 16 (char 15)"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_in_plain_words(line: str, fault: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.jsonl", f"{line}\n") == [fault]
