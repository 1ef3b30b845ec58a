"""Posts from CoNLL text: the words as they are, whatever is beside them."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.made_corpus import tokens_of, write_corpus
from unco.cli import app
from unco.corpus.posts import count_posts, read_posts
from unco.errors import DataError, SettingsError
from unco.evals.data.twitter_gmner import read_gmner
from unco.evals.formats.detect_format import read_gold
from unco.tools.pictures.by_id import picture_by_id
from unco.types import Span

SHARED = Path(__file__).parents[3] / "shared" / "data" / "twitter-gmner"


def write(folder: Path, text: str | bytes, name: str = "a.txt") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / name


def words(path: Path, pictures: Path | None = None) -> list[tuple[object, object]]:
    """(id, tokens) of each post, or its fault."""
    return [(line.post.id, line.post.text) if line.post else (None, line.fault) for line in read_posts(path, pictures)]


@pytest.mark.parametrize(
    "text",
    [
        "IMGID:1\nAnn\tB-PER\nsings\tO\n\nIMGID:2\nOslo\tB-LOC\n",
        "IMGID:1\nAnn\tB-PER\tx\nsings\tO\tO\nIMGID:2\r\nOslo\n\n\n\n",
        "\ufeffIMGID:1\r\nAnn\r\nsings\r\n\r\nIMGID: 2\r\nOslo\tO",
    ],
)
def test_ids_and_first_columns(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    assert words(path) == [("1", ["Ann", "sings"]), ("2", ["Oslo"])]
    assert count_posts(path) == 2


def test_the_columns_of_other_data_sets(tmp_path: Path) -> None:
    path = write(tmp_path, "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n\nPeter NNP\n", "a.conll")
    assert words(path) == [(None, ["EU", "rejects"]), (None, ["Peter"])]


DIALECTS = {
    "CRLF": "IMGID:1\r\nNASA\tB-ORG\r\nflies\tO\r\n\r\nIMGID:2\r\nBob\tB-PER\r\n",
    "CR alone": "IMGID:1\rNASA\tB-ORG\rflies\tO\r\rIMGID:2\rBob\tB-PER\r",
    "CRs doubled": "IMGID:1\r\r\nNASA\tB-ORG\r\r\nflies\tO\r\r\n\r\r\nIMGID:2\r\r\nBob\tB-PER\r\r\n",
    "blank lines with blanks": "\n \nIMGID:1\nNASA\tB-ORG\nflies\tO\n \t\n\t\n\nIMGID:2\nBob\tB-PER\n  \n",
    "a mark, and blanks at the ends of lines": "\ufeffIMGID: 1 \nNASA\tB-ORG \nflies\tO\t\n\nIMGID: 2\nBob\tB-PER",
    "names of pictures": "imgid:1.jpg\nNASA\tB-ORG\nflies\tO\n\nIMGID:2.JPG\nBob\tB-PER\n",
    "comments": "# unco\n\n# id 1 domain=en\nNASA _ _ B-ORG\nflies _ _ O\n\n# id 2\tdomain=en\nBob _ _ B-PER\n",
    "CoNLL-U": "# newdoc id = x\n# sent_id = 1\n# text = a b c d e f NASA flies\n1-2\tNASA flies\t_\t_\n1\tNASA\tX\tY\n"
    "2\tflies\tX\tY\n2.1\tx\tX\tY\n\n# sent_id = 2\n# text = Bob\n1\tBob\tX\tY\n",
    "GermEval": "#\thttp://a.example [5]\n1\tNASA\tB-ORG\tO\n2\tflies\tO\tO\n\n#\thttp://b.example\n1\tBob\tB-PER\tO\n",
    "numbers from 0": "0 NASA B-ORG\n1 flies O\n\n0 Bob B-PER\n",
    "documents": "-DOCSTART- -X- O O\nNASA NN B-NP B-ORG\nflies VB B-VP O\n-DOCSTART- -X- O O\n\nBob NN B-NP B-PER\n",
    "aligned": "NASA    NNP   B-ORG\nflies   VBZ   O\n\nBob     NNP   B-PER\n",
    "OntoNotes": "#begin document (nw); part 000\nNASA B-ORG\nflies O\n\nBob B-PER\n\n#end document\n",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects(dialect: str, tmp_path: Path) -> None:
    path = write(tmp_path, DIALECTS[dialect], "a.CONLL")
    found = words(path)
    assert [tokens for _, tokens in found] == [["NASA", "flies"], ["Bob"]]
    assert [name for name, _ in found] == (["1", "2"] if re.search("(?i)id", DIALECTS[dialect]) else [None, None])
    assert count_posts(path) == 2


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("go\tO\n#\tO\nNASA\tB-ORG\n", ["go", "#", "NASA"]),
        ("#\tO\n# 1\tO\n#NASA\tB-ORG\n", ["#", "# 1", "#NASA"]),
        ("# O\nNASA B-ORG\n", ["#", "NASA"]),
        ("# NN\nNASA NNP\n", ["#", "NASA"]),
        ("#\nNASA\n#NASA\n##\n", ["#", "NASA", "#NASA", "##"]),
        ("#NASA O\n", ["#NASA"]),
        ("1\tO\n2\tO\n3\tO\n", ["1", "2", "3"]),
        ("1\tO\tO\n2\tO\tO\n", ["1", "2"]),
        ("1\n2\n", ["1", "2"]),
        ("\u200b\tO\n\x92\tO\n\u2028\tO\n\x85\tO\n\ufeff\tO\n", ["\u200b", "\x92", "\u2028", "\x85", "\ufeff"]),
        ("IMGID:\tO\nIMGID:7\tO\n-DOCSTART-x\tO\n", ["IMGID:", "IMGID:7", "-DOCSTART-x"]),
    ],
)
def test_odd_tokens_are_tokens(text: str, tokens: list[str], tmp_path: Path) -> None:
    assert words(write(tmp_path, text)) == [(None, tokens)]


@pytest.mark.parametrize("name", ["eng.testa", "train", "de.tsv", "wnut.annotated"])
@pytest.mark.parametrize(
    "text", ["EU B-ORG\nis O\n", "#\tweb\n1\tEU\tB-ORG\n2\tis\tO\n", "IMGID:5\r\nEU\tO\r\nis\tO\r\n"]
)
def test_tagged_text_is_known_by_its_first_line(name: str, text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text, name)
    assert [tokens for _, tokens in words(path)] == [["EU", "is"]]
    assert read_gold(path)[0].tokens == ("EU", "is")


@pytest.mark.parametrize("name", ["1.JPG", "1.Jpeg", "1.PNG", "1.webp", "1.avif", "1.TIF", "1.heic"])
def test_a_picture_is_found_whatever_its_ending(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert picture_by_id("1", tmp_path) == tmp_path / name
    assert picture_by_id(name, tmp_path) == tmp_path / name


def test_odd_blanks_are_words(tmp_path: Path) -> None:
    path = write(tmp_path, "IMGID:1\n\x85\tO\na b\tO\n\u2028\tO\n")
    assert words(path) == [("1", ["\x85", "a b", "\u2028"])]


@pytest.mark.parametrize("blank", ["\xa0", "\u200b", "\x0c", "\u3000", "\ufeff", " \xa0 "])
def test_a_line_of_odd_blanks_ends_a_sentence_where_tokens_have_tags(blank: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"Ann\tB-PER\n{blank}\nBo\tB-PER\n\n{blank}\nCy B-PER\n{blank}\n")
    assert words(path) == [(None, ["Ann"]), (None, ["Bo"]), (None, ["Cy"])]
    assert [post.tokens for post in read_gold(path)] == [("Ann",), ("Bo",), ("Cy",)]
    if blank.isspace():  # words alone, of which one may be a blank
        assert words(write(tmp_path, "IMGID:1\nAnn\n\x85\nBo\n")) == [("1", ["Ann", "\x85", "Bo"])]


def test_tags_in_front_of_their_tokens(tmp_path: Path) -> None:
    path = write(tmp_path, "O\tfind\nB-ACTOR\ttom\nI-ACTOR\tcruise\n\nO\tfind\nO\tO\n", "a.bio")
    assert words(path) == [(None, ["find", "tom", "cruise"]), (None, ["find", "O"])]
    post, _ = read_gold(path)
    assert [(entity.span, entity.type) for entity in post.entities] == [(Span(1, 3), "ACTOR")]


def test_a_folder_is_its_files_in_order_and_txt_goes_first(tmp_path: Path) -> None:
    for name in ("b.txt", "a.bio"):
        write(tmp_path / "plain", f"{name}\n", name)
        write(tmp_path / "set" / "txt", f"in-{name}\n", name)
    write(tmp_path / "set", "not this\n", "readme.txt")
    write(tmp_path / "set" / "txt", b"\0\5\x16\7 what macOS says of a.bio", "._a.bio")
    assert words(tmp_path / "plain") == [(None, ["a.bio"]), (None, ["b.txt"])]
    assert words(tmp_path / "set") == [(None, ["in-a.bio"]), (None, ["in-b.txt"])]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no file of posts"):
        list(read_posts(tmp_path / "empty"))


def test_running_text_is_a_post_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, "Ann sings in Oslo.\n\n# no comment\nBo, too!\r\nGOAL\n\xe9\n".encode("latin-1"))
    assert words(path)[:4] == [(None, "Ann sings in Oslo."), (None, "# no comment"), (None, "Bo, too!"), (None, "GOAL")]
    assert words(path)[4] == (None, "line 6 is not UTF-8 text: save the file as UTF-8")
    assert count_posts(path) == 5
    assert words(write(tmp_path, "Ann sings in Oslo.", "b.txt")) == [(None, "Ann sings in Oslo.")]


@pytest.mark.parametrize(
    "text",
    [
        "Ann NNP\nsings VBZ\n",
        "Ann\nsings\n",
        "Ann b-per\nsings o\n",
        "Ann\tname\nsings\tverb\n",
        "IMGID:1\nAnn a name\nsings a verb\n",
    ],
)
def test_columns_are_no_running_text(text: str, tmp_path: Path) -> None:
    assert [found for _, found in words(write(tmp_path, text))] == [["Ann", "sings"]]


RUNS_ON = {
    "running text": ("Ann sings in Oslo.\nBo plays too, they say.\n", 1),
    "posts between blank lines": ("Ann sings in Oslo.\n\nBo plays there.\n", 1),
    "words of equal number": ("Ann sings well\n\nBo plays badly\n", 1),
    "below ids": ("IMGID:1\nAnn sings in Oslo.\n\nIMGID:2\nBo plays too.\n", 2),
    "among tags": ("Ann B-PER\nsings O\n\nBo plays badly\n\nNASA B-ORG\n", 4),
    "among tags, in capitals": ("Ann B-PER\nsings O\n\nGO ANN GO\n\nNASA B-ORG\n", 4),
    "within a post": ("Ann NNP B-PER\nsings VBZ O\nin Oslo, Norway and elsewhere\n", 3),
    "among tabs": ("Ann\tB-PER\nsings\tO\nNew York\nNASA\tB-ORG\n", 3),
    "narrower than most": ("I love you\nI hate you\nBo sings\n\nI know you\nI see you\nHi you\n", 3),
    "wider than most": ("a n\nb n\nc n\n\nBo plays there n\nd n\n", 5),
    "in two words": ("Ann sings\n\nBo plays\n", 1),
    "among parts of speech and tags": ("Ann NNP B-PER\nsings VBZ O\nin Oslo\nNASA NNP B-ORG\n", 3),
    "below a hundred empty posts": ("IMGID:1\n\n" * 100 + "Bo plays badly\n", 201),
    "among tokens": ("IMGID:1\nAnn\nsings\n\nIMGID:2\nBo\nplays in Oslo\n", 7),
}


@pytest.mark.parametrize("name", RUNS_ON)
def test_a_line_whose_words_would_be_lost_is_named(name: str, tmp_path: Path) -> None:
    text, number = RUNS_ON[name]
    found = words(write(tmp_path, text, "a.conll"))
    [told, *_] = [said for _, said in found if isinstance(said, str)]
    assert told.startswith(f"line {number} holds several words where CoNLL text has one token")
    assert not [tokens for _, tokens in found if isinstance(tokens, list) and {"Bo", "New", "in", "GO"} & set(tokens)]


TAGS_IN_SMALL_LETTERS = {
    "of some tokens": ("Paris location-GPE\nis O\nin O\n", [["Paris", "is", "in"]]),
    "behind parts of speech": ("Paris NNP gpe\nis VBZ O\nbig RB O\n", [["Paris", "is", "big"]]),
    "and some in capitals": ("acme product\nit Other\nis O\nnew O\n", [["acme", "it", "is", "new"]]),
    "one missing": ("人 n\n， \n民 n\n", [["人", "，", "民"]]),
    "some missing": ("a n\nb n\nc\nd v\n\ne v\nf\n", [["a", "b", "c", "d"], ["e", "f"]]),
    "of one token a post": ("Kevin nnp\n\nDurant nnp\n", [["Kevin"], ["Durant"]]),
    "behind tokens of several words": (
        "New York\tB-LOC\nLos Angeles\tB-LOC\nis\tO\n",
        [["New York", "Los Angeles", "is"]],
    ),
}


@pytest.mark.parametrize("name", TAGS_IN_SMALL_LETTERS)
def test_what_may_be_a_tag_is_no_word_that_would_be_lost(name: str, tmp_path: Path) -> None:
    text, tokens = TAGS_IN_SMALL_LETTERS[name]
    assert [found for _, found in words(write(tmp_path, text, "a.conll"))] == tokens


def test_running_text_may_hold_a_tab_or_end_in_what_looks_like_a_tag(tmp_path: Path) -> None:
    text = "".join(f"Ann sings song {number} in Oslo.\n" for number in range(30))
    lines = [*text.splitlines(), "Bring me the letter O", "one\ttwo three"]
    assert [said for _, said in words(write(tmp_path, "\n".join(lines)))] == lines


def test_a_single_post_may_end_in_what_looks_like_a_tag(tmp_path: Path) -> None:
    for text in ("Bring me the letter O", "Did you take your vitamin B-12\n"):
        assert words(write(tmp_path, text)) == [(None, text.strip())]
    assert words(write(tmp_path, "Ann NNP B-NP B-PER")) == [(None, ["Ann"])]


def test_json_lines_by_another_name_stay_json_lines(tmp_path: Path) -> None:
    assert words(write(tmp_path, '\n {"text": "Ann", "id": "1"}\n')) == [("1", "Ann")]


def test_what_is_no_post_is_a_line_with_its_fault(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "1.png")
    path = write(tmp_path, b"IMGID:1\nAnn\n\nIMGID:../1\nBo\n\nIMGID:2\n\xff\n\nIMGID:1\n\nCy\n")
    found = words(path, tmp_path)
    assert found[0] == ("1", ["Ann"])
    assert "has no picture of the post '../1'" in str(found[1][1])
    assert "line 8 is not UTF-8 text" in str(found[2][1])
    assert found[3] == ("1", [])
    assert "has no picture of the post ''" in str(found[4][1])
    assert [line.number for line in read_posts(path)] == [1, 2, 3, 4, 5]


def test_pictures_are_for_posts_that_name_none(tmp_path: Path) -> None:
    posts, _ = write_corpus(tmp_path, 1)
    with pytest.raises(SettingsError, match="--pictures is for CoNLL text"):
        list(read_posts(posts, tmp_path))
    with pytest.raises(SettingsError, match="is running text, whose lines name none: hand in JSON Lines"):
        list(read_posts(write(tmp_path, "Ann sings in Oslo.\n"), tmp_path))
    with pytest.raises(SettingsError, match="names the picture of each post in its column `image`"):
        list(read_posts(write(tmp_path, "text,image\nAnn,a.png\n", "a.csv"), tmp_path))
    with pytest.raises(DataError, match="is no folder"):
        list(read_posts(write(tmp_path, "Ann\n"), tmp_path / "none"))


@pytest.mark.parametrize("identity", ["", "..", "../a", "/etc/passwd", "a\0b", "x" * 5000])
def test_an_id_leads_nowhere_else(identity: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert picture_by_id(identity, tmp_path / "b") is None


def test_a_run_over_a_folder(tmp_path: Path) -> None:
    _, predictions = write_corpus(tmp_path, 2)
    folder = tmp_path / "set" / "txt"
    write(folder, "\n\n".join("\n".join((f"IMGID:{n}", *tokens_of(n))) for n in range(2)), "test.txt")
    command = ["run", str(folder.parent), "--out", str(tmp_path / "out.jsonl"), "--predictions", str(predictions)]
    assert CliRunner().invoke(app, [*command, "--mode", "off"]).exit_code == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(line["id"], len(line["entities"])) for line in lines] == [("0", 2), ("1", 2)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data set is not beside this repository")
def test_the_words_of_a_data_set_are_those_that_the_scores_are_made_of() -> None:
    gold = read_gmner(SHARED, "test")
    assert words(SHARED / "txt" / "test.txt") == [(post.id, list(post.tokens)) for post in gold]


def test_a_cluster_reads_the_rest_of_it_in_one_piece(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from unco.corpus.engine import RemainingPosts
    from unco.corpus.on_ray.reading import pieces_of

    Image.new("RGB", (4, 4)).save(tmp_path / "1.png")
    path = write(tmp_path, "IMGID:1\nAnn\n\nIMGID:2\nBo\n\nIMGID:1\nCy\n")
    (piece,) = pieces_of(RemainingPosts(path, 1, tmp_path))
    assert list(piece.lines()) == list(RemainingPosts(path, 1, tmp_path)) == list(read_posts(path, tmp_path))[1:]
