"""Files that strangers bring: what they plainly mean is read, and what would lose text silently is refused by name."""

import json
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
        ("c.md", '[{"text": "Ann sings"}, {"text": "Bo plays"}]\n'),
        ("a.txt", '{\n "text": "Ann sings"\n}\n{\n "text": "Bo plays"\n}\n'),
        ("a", '{\n "text": "Ann sings"\n}\n{\n "text": "Bo plays"\n}\n'),
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
    text = 'id\ttext\tnote\n1\t"Ann sings\tgood\n2\tBo plays"\tbad\n'
    assert str(read(tmp_path, "c.tsv", text)[0]).startswith("line 2: a cell begins with a quote")
    [fault] = read(tmp_path, "c.csv", "text,id\nAnn, Bo,1\n")
    assert fault == "line 2: 3 cells, but the header has 2: put a cell with ',' in it into quotes"


def test_a_cell_in_quotes_may_hold_tabs_and_line_ends(tmp_path: Path) -> None:
    assert read(tmp_path, "a.tsv", 'text\timage\n"Ann\tsings\nwell"\tx.jpg\n') == ["Ann\tsings\nwell"]
    regions = '"[\n\t[1, 2, 3, 4],\n\t[1, 2, 3, 5]\n]"'
    assert read(tmp_path, "b.tsv", f"text\tregions\nAnn sings\t{regions}\nBo plays\t{regions}\n") == BOTH


@pytest.mark.parametrize("header", ["text\ttags", "text\tlabel"])
@pytest.mark.parametrize("rows", ["I\tO\nsing\tO\n", "I\tpron\nsing\tverb\n\nBo\tname\n"])
def test_a_token_a_line_under_a_header_is_no_table(header: str, rows: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", f"{header}\n{rows}")[0] == ["text", "I", "sing"]


def test_a_table_may_have_tags_or_blank_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", "text\tner_tags\nAnn sings\tB-PER O\nBo plays\tB-PER O\n") == BOTH
    assert read(tmp_path, "b.txt", "text,id\n\nAnn sings,1\n\nBo plays,2\n") == BOTH


def test_a_broken_object_costs_no_other(tmp_path: Path) -> None:
    objects = (
        '{\n "text": "Ann sings"\n}\n{"text": }\n{\n "text": "Bo\n}\n["Cy"]\n{"text":\n{"text": "Bo plays"}\n{"text":'
    )
    first, second, third, cut_off, fourth, last = read(tmp_path, "a.jsonl", objects)
    assert (first, fourth) == tuple(BOTH)
    assert str(second) == "the object in line 4 is no JSON, line 4: Expecting value"
    assert str(third) == "the object in line 5 is no JSON, line 6: Invalid control character at"
    assert str(cut_off) == "the object in line 9 is no JSON, line 11: Expecting ',' delimiter"
    assert str(last) == "the object in line 11 is no JSON, line 11: Expecting value"
    old_mac = '{\r"text": "Ann sings"\r}\r{\r"text": \r}\r{\r"text": "Bo plays"\r}\r'
    assert read(tmp_path, "a.json", old_mac)[::2] == BOTH
    assert read(tmp_path, "b.jsonl", '{\n{"text": "Ann sings"}\n{"text": "Bo plays"}\n')[1:] == BOTH


def test_objects_are_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{\n "text": "Ann sings",\n "regions": [\n  [1.5, 2, 3, 4]\n ]\n}\n'
    long = json.dumps({"text": "x" * 300}, indent=1)
    for piece in range(1, 40):
        monkeypatch.setattr("unco.corpus.formats.json_objects._PIECE", piece)
        monkeypatch.setattr("unco.corpus.posts.MAX_LINE_BYTES", 200)
        assert read(tmp_path, "a.jsonl", text * 2) == ["Ann sings"] * 2
        first, fault, last = read(tmp_path, "a.jsonl", f"{text}{long}\n{text}")
        assert (first, last) == ("Ann sings", "Ann sings")
        assert str(fault) == "the object in line 7 is no JSON, line 8: longer than 200 characters"


@pytest.mark.parametrize("text", ['[\n{\n"\nAnn\n', '[\tO\n{\tO\n"\tO\nAnn\tO\n'])
def test_brackets_and_quotes_are_tokens(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.conll", text) == [["[", "{", '"', "Ann"]]


def test_running_text_may_begin_with_brackets(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", '[{"x"}] sings well\nBo plays\n') == ['[{"x"}] sings well', "Bo plays"]


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


@pytest.mark.parametrize(
    "text",
    [
        "text,id\nAnn,1,\nBo,2,,\n",
        "text,id,,\n,,,\nAnn,1,,\n  , \t,,\n,,,\nBo,2,,\n,,,\n",
        'text, id\nAnn, 1\n"Bo", 2\n',
        '"text", "id"\n"Ann", "1"\n"Bo", "2"\n',
        '"id"; "text"\n1; "Ann"\n2; Bo\n',
    ],
    ids=["empty cells behind", "empty rows", "blanks", "blanks before quotes", "semicolons"],
)
def test_cells_and_rows_that_hold_nothing_and_blanks_behind_commas(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert [line.post and (line.post.text, line.post.id) for line in read_posts(tmp_path / "a.csv")] == [
        ("Ann", "1"),
        ("Bo", "2"),
    ]


@pytest.mark.parametrize("identity", ["1.23457E+18", "1e+18", "1,23457E+18", "1.2e18"])
def test_an_id_that_a_spreadsheet_rounded_is_no_id(identity: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'text,id\nAnn,"{identity}"\nBo,7e42\n')  # the second is hexadecimal
    lines = list(read_posts(tmp_path / "a.csv"))
    assert lines[0].fault == f"line 2: the id {identity} has lost digits: format the column as text and save it again"
    assert lines[1].post is not None
    assert lines[1].post.id == "7e42"


def test_a_comma_within_a_quoted_name_leaves_the_blanks_of_cells(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", 'id,"what, where",text\n1,a, "Ann" sings\n') == [' "Ann" sings']


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two columns are called 'text'"):
        read(tmp_path, "a.csv", "Text,text\nAnn,Bo\n")
    assert read(tmp_path, "b.csv", "text,note,note\nAnn,a,b\n") == ["Ann"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"tweet": "Ann"}', "there is no `text`; leave out what is no field of a post: tweet"),
        ('{"text": "Ann", "": 1, " ": 2}', "leave out what is no field of a post: '', ' '"),
        ('{"text": "Ann", "label": 1, "date": 2}', "leave out what is no field of a post: label, date"),
        ('{"text": null}', "text is neither a text nor a list of tokens, which are texts"),
        ('{"text": ["Ann", 5]}', "text is neither a text nor a list of tokens, which are texts"),
        ('{"text": [["Ann"]]}', "text is neither a text nor a list of tokens, which are texts"),
        ('{"text": "Ann"},', "it is not one JSON object on a line: Extra data: line 1 column 16 (char 15)"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_in_plain_words(line: str, fault: str, tmp_path: Path) -> None:
    assert read(tmp_path, "a.jsonl", f"{line}\n") == [fault]
