"""A report's data and page: what gold says of a run, and that no string of it can become markup."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.command_line import exit_code
from tests.evals.report.made_run import EVIL, gold_of, hostile, made_results, write_run
from tests.evals.report.odd_runs import generated
from unco.errors import DataError, PictureError, SetupError
from unco.evals.report.data import report_data
from unco.evals.report.densities import BINS, density, uncorrected
from unco.evals.report.page import render_page, script_safe_json
from unco.evals.report.pictures import picture_file, small_pictures
from unco.evals.report.plots import save_plots
from unco.evals.report.run import write_report
from unco.types import Box, Result, Span, Thresholds


class Scripts(HTMLParser):
    """What a browser takes as elements."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.data = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag == "script" and ("id", "data") in attributes

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        self.data += data if self._inside else ""


@pytest.fixture
def results(tmp_path: Path) -> list[Result]:
    return made_results(tmp_path)


def test_a_run_in_numbers(results: list[Result]) -> None:
    data = report_data(results, gold_of(results))
    (post, *_), costs = data["posts"], dict(data["costs"])
    turns = [[note["turn"] for note in entity["notes"]] for entity in post["entities"]]
    assert turns[0] == [0, 1, 0]
    assert turns[1] == [0, 0, -1]
    assert (costs["put right"], costs["harmed"], costs["harm rate"]) == ("3", "3", "100.0 %")
    assert costs["attributes routed"] == "9 of 27"
    assert data["scores"]["MNER"]["f1"] == pytest.approx(2 / 3)
    assert data["warning"] == "Answers in this run were written by hand: no model gave them."
    assert data["types"] == ["LOC", "ORG", "PER"]


def test_an_entitys_own_threshold_is_in_the_page_where_it_has_one(results: list[Result]) -> None:
    first = results[0].entities[0]
    notes = tuple(replace(note, threshold=0.125) if note.attribute == "type" else note for note in first.corrections)
    entities = (replace(first, corrections=notes), *results[0].entities[1:])
    data = report_data([replace(results[0], entities=entities), *results[1:]], None)
    shown = data["posts"][0]["entities"][0]["notes"]
    assert shown[1]["own"] == {"threshold": 0.125, "of_all": results[0].thresholds.type}
    assert "own" not in shown[0]


def test_the_plots_show_the_small_models_own_predictions(results: list[Result]) -> None:
    assert [entity.type for entity in uncorrected(results[0]).entities] == ["ORG", "ORG", "LOC"]
    plots = report_data(results, gold_of(results))["plots"]
    assert (plots["type"]["wrong_count"], plots["type"]["count"], plots["type"]["auroc"]) == (3, 6, 1.0)
    assert plots["region"]["wrong_count"] == 0
    assert plots["region"]["auroc"] is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_density_has_all_its_mass_inside(values: list[float]) -> None:
    assert np.mean(density(values)) == pytest.approx(1.0, abs=1e-3)
    assert len(density(values)) == BINS


def test_without_gold_nothing_is_scored(results: list[Result]) -> None:
    data = report_data(results, None)
    assert (data["labelled"], data["scores"], data["plots"]) == (False, None, None)
    assert data["posts"][0]["gold"] is None


def test_what_cannot_be_shown_is_reported(results: list[Result], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no posts"):
        report_data([], None)
    with pytest.raises(DataError, match="post 3 of gold"):
        report_data(results[:2], gold_of(results))
    other = replace(results[1], thresholds=Thresholds(0.1, 0.2, 0.3))
    with pytest.raises(DataError, match="different thresholds"):
        report_data([results[0], other], None)
    path = write_run(results, tmp_path / "run.jsonl")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match=r"run\.jsonl:3: cut off in the middle"):
        write_report(path, tmp_path / "report.html")
    with pytest.raises(DataError, match="give the gold posts"):
        write_report(write_run(results, path), tmp_path / "report.html", plots=tmp_path)


@given(
    st.recursive(st.text() | st.sampled_from([EVIL, "<!--", "]]>", "\u2028", "&lt;", "$data"]), st.lists, max_leaves=8)
)
def test_any_words_come_through_as_words(value: object) -> None:
    text = script_safe_json(value)
    assert json.loads(text) == value
    assert not re.search(r"[<>&\u2028\u2029]", text)


def test_markup_in_a_run_is_no_markup_in_the_page(results: list[Result]) -> None:
    plain = Scripts(render_page(report_data(results, None)))
    evil = Scripts(render_page(report_data([hostile(result) for result in results[:1]], None)))
    assert evil.tags == plain.tags
    assert evil.tags.count("script") == 2
    assert json.loads(evil.data)["posts"][0]["tokens"][0] == EVIL


def test_the_page_allows_itself_no_request(results: list[Result]) -> None:
    page = render_page(report_data(results, None))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_pictures_come_from_the_folder_alone(results: list[Result], tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (900, 300), "red").save(folder / "0.png")
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    found = small_pictures([results[0], replace(results[1], id="../secret", picture=None)], folder)
    assert found[0] is not None
    assert found[0].startswith("data:image/jpeg;base64,")
    assert found[1] is None
    (folder / "2.png").symlink_to(tmp_path / "secret.png")
    assert small_pictures([replace(results[2], picture=None)], folder) == [None], "a link may not lead out"
    (folder / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"1\.jpg"):
        small_pictures(results, folder)
    with pytest.raises(DataError, match="is no folder"):
        small_pictures(results, tmp_path / "nowhere")


def test_a_picture_is_found_by_the_runs_own_path_also_without_an_id(results: list[Result], tmp_path: Path) -> None:
    assert results[0].seen_picture is not None
    (found,) = small_pictures([replace(results[0], id=None)], tmp_path)
    assert found is not None
    away = replace(results[0], id=None, picture=replace(results[0].seen_picture, ref="https://example.org/drawing.png"))
    assert small_pictures([away], tmp_path) == [None]


def test_a_path_from_the_current_folder_is_found_in_the_folder_of_pictures(
    results: list[Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine" / "photos").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(tmp_path / "mine" / "photos" / "a.png")
    monkeypatch.chdir(tmp_path)
    assert results[0].seen_picture is not None
    named = replace(results[0], id=None, picture=replace(results[0].seen_picture, ref="mine/photos/a.png"))
    assert picture_file(named, Path("mine")) == tmp_path / "mine" / "photos" / "a.png"


def test_pictures_that_the_folder_lacks_are_told(results: list[Result], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert results[0].seen_picture is not None
    seen = replace(results[0].seen_picture, ref="photos/a.png")
    run = write_run([replace(results[0], picture=seen), replace(results[1], picture=None)], tmp_path / "run.jsonl")
    told: list[str] = []
    write_report(run, tmp_path / "report.html", pictures=tmp_path / "empty", tell=told.append)
    assert [line.replace(str(tmp_path), "") for line in told] == [
        "boxes are drawn on empty frames: /empty lacks 1 pictures, the first is 'photos/a.png'"
    ]
    write_report(run, tmp_path / "report.html", tell=told.append)
    assert len(told) == 1, "nobody wanted pictures"


def test_plots_are_drawn_as_png_and_svg(results: list[Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plots = report_data(results, gold_of(results))["plots"]
    png, svg = save_plots(plots, tmp_path / "plots", "simulated")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<svg" in svg.read_text()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SetupError, match=r"unco\[plots\]"):
        save_plots(plots, tmp_path)


def test_the_command(
    results: list[Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(results, tmp_path / "run.jsonl")
    monkeypatch.chdir(tmp_path)
    assert exit_code(monkeypatch, "report", "run.jsonl", "-o", "out/report.html") == 0
    assert capsys.readouterr().out == "3 posts in out/report.html\n"
    assert json.loads(Scripts((tmp_path / "out" / "report.html").read_text()).data)["labelled"] is False


def test_gold_of_finer_types_is_read_in_those_that_the_run_speaks(results: list[Result]) -> None:
    fine = {"PER": "politician", "ORG": "company", "LOC": "city"}
    coarse = gold_of(results)
    gold = [
        replace(post, entities=tuple(replace(item, type=fine[item.type]) for item in post.entities)) for post in coarse
    ]
    assert report_data(results, gold) == report_data(results, coarse)
    assert report_data(results, gold)["scores"]["MNER"]["f1"] == pytest.approx(2 / 3)


def test_a_simulated_question_about_a_whole_post_is_no_secret(results: list[Result]) -> None:
    data = report_data([generated(results[0])], None)
    assert "simulated" in data["warning"]
    assert "MLLM: simulated-x." in data["about"]
    (question,) = data["posts"][0]["questions"]
    assert (question["simulated"], question["dropped"]) == (True, (EVIL,))


def test_words_stand_as_in_the_text(results: list[Result]) -> None:
    text = "Ann  Lee plays for the Blue Owls of Ann Arbor!"
    tokens = (*results[0].tokens, "!")
    (post,) = report_data([replace(results[0], text=text, tokens=tokens)], None)["posts"]
    assert "".join(f"{gap}{token}" for gap, token in zip(post["gaps"], (*tokens, ""), strict=True)) == text
    assert report_data(results, None)["posts"][0]["gaps"] is None


def test_a_density_does_not_sink_at_an_edge() -> None:
    flat = density([place / 1000 for place in range(1001)])
    assert [min(flat), max(flat)] == pytest.approx([1, 1], abs=0.02)


def test_an_entity_outside_its_post_is_refused(results: list[Result], tmp_path: Path) -> None:
    first, *others = results[0].entities
    for wrong in (replace(first, span=Span(9, 12)), replace(first, region=Box(10, 10, 900, 90))):
        path = write_run([results[1], replace(results[0], entities=(wrong, *others))], tmp_path / "run.jsonl")
        with pytest.raises(DataError, match=r"run\.jsonl:2: entities\[0\]"):
            write_report(path, tmp_path / "report.html")
