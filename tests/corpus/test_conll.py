"""Posts from CoNLL text: the words as they are, whatever is beside them."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.made_corpus import tokens_of, write_corpus
from unco.cli import app
from unco.corpus.posts import count_posts, read_posts
from unco.errors import DataError, SettingsError
from unco.evals.data.twitter_gmner import read_gmner
from unco.tools.pictures.by_id import picture_by_id

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


def test_odd_blanks_are_words(tmp_path: Path) -> None:
    path = write(tmp_path, "IMGID:1\n\x85\tO\na b\tO\n\u2028\tO\n")
    assert words(path) == [("1", ["\x85", "a b", "\u2028"])]


def test_a_folder_is_its_files_in_order_and_txt_goes_first(tmp_path: Path) -> None:
    for name in ("b.txt", "a.bio"):
        write(tmp_path / "plain", f"{name}\n", name)
        write(tmp_path / "set" / "txt", f"in-{name}\n", name)
    write(tmp_path / "set", "not this\n", "readme.txt")
    assert words(tmp_path / "plain") == [(None, ["a.bio"]), (None, ["b.txt"])]
    assert words(tmp_path / "set") == [(None, ["in-a.bio"]), (None, ["in-b.txt"])]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no CoNLL file"):
        list(read_posts(tmp_path / "empty"))


def test_json_lines_by_another_name_stay_json_lines(tmp_path: Path) -> None:
    assert words(write(tmp_path, '\n {"text": "Ann", "id": "1"}\n')) == [("1", "Ann")]


def test_what_is_no_post_is_a_line_with_its_fault(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "1.png")
    path = write(tmp_path, b"IMGID:1\nAnn\n\nIMGID:../1\nBo\n\nIMGID:2\n\xff\n\nIMGID:1\n\nCy\n")
    found = words(path, tmp_path)
    assert found[0] == ("1", ["Ann"])
    assert "has no picture of the post '../1'" in str(found[1][1])
    assert "can't decode" in str(found[2][1])
    assert found[3] == ("1", [])
    assert "has no picture of the post ''" in str(found[4][1])
    assert [line.number for line in read_posts(path)] == [1, 2, 3, 4, 5]


def test_pictures_are_for_posts_that_name_none(tmp_path: Path) -> None:
    posts, _ = write_corpus(tmp_path, 1)
    with pytest.raises(SettingsError, match="--pictures is for CoNLL text"):
        list(read_posts(posts, tmp_path))
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
