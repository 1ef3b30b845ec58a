"""The page in headless Chromium: it shows, scores, filters, turns, and neither asks the network nor obeys a tweet."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.evals.report.made_run import gold_of, hostile, made_results
from tests.evals.report.odd_runs import asked_at_once, generated, reviewed, undone_span
from unco.evals.evaluate.run_scores import score_run
from unco.evals.formats.prediction_lines import predicted_of
from unco.evals.report.data import report_data
from unco.evals.report.densities import uncorrected
from unco.evals.report.page import write_page
from unco.nodes.collect import split_by_doubt
from unco.types import Result, Thresholds

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

TASKS = ("GMNER", "MNER", "EEG")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open the page of some data; every request and every error is noted."""
    page = browser.new_page()
    page.requests, page.errors = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))

    def opened(data: dict[str, Any]) -> Any:
        write_page(data, tmp_path / "report.html")
        page.goto(f"file://{tmp_path / 'report.html'}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    assert page.errors == []
    assert all(url.startswith(("file://", "data:")) for url in page.requests)
    assert sum(url.startswith("file://") for url in page.requests) == 1
    page.close()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    return made_results(tmp_path_factory.mktemp("made"), 45)


def shown(page: Any) -> list[tuple[float, ...]]:
    """Precision, recall and F1 of each task as the page counts them, to the last digit."""
    cells = "row => [...row.querySelectorAll('[data-value]')].slice(0, 3).map(cell => Number(cell.dataset.value))"
    return [tuple(page.locator(f'tr[data-task="{task}"]').evaluate(cells)) for task in TASKS]


def move(page: Any, **thresholds: float) -> None:
    for name, value in thresholds.items():
        page.fill(f'input[data-attribute="{name}"]', str(value))


def scores_of(gold: Any, run: Any) -> list[tuple[float, ...]]:
    tasks = next(iter(score_run(gold, run).schemes.values())).tasks
    scores = [tasks[task].score for task in TASKS]  # type: ignore[union-attr]
    return [(score.precision, score.recall, score.f1) for score in scores]


def test_sliders_score_the_run_again(show: Any, results: list[Result]) -> None:
    gold = gold_of(results)
    data = report_data(results, gold)
    page = show(data)
    costs = dict(data["costs"])
    routed, asked = costs["attributes routed"], costs["asked about"]
    said = f"{routed} attributes routed at these thresholds, {asked} of them asked about."
    assert page.inner_text("#score-note").startswith(said), "one number everywhere"
    recorded = scores_of(gold, [predicted_of(result) for result in results])
    assert shown(page) == recorded
    move(page, span=1, type=1, region=1)
    small_model = scores_of(gold, [uncorrected(result) for result in results])
    assert shown(page) == small_model != recorded
    notes = sum(len(entity.corrections) for result in results for entity in result.entities)
    told = f"0 of {notes} attributes routed at these thresholds, 0 of them asked about."
    assert page.inner_text("#score-note") == told
    move(page, type=0)
    assert "not recorded" in page.inner_text("#score-note"), "sure types were not asked about in this run"
    page.click("text=as recorded")
    assert shown(page) == recorded


def test_the_slider_of_doubt_drops_what_the_rule_drops(show: Any, results: list[Result]) -> None:
    gold = gold_of(results)
    page = show(report_data(results, gold))
    move(page, drop=0.5)
    rule = Thresholds(1.0, 1.0, 1.0, drop=0.5)
    kept = [replace(result, entities=split_by_doubt(result.entities, rule)[0]) for result in results]
    assert sum(len(result.entities) for result in kept) < sum(len(result.entities) for result in results)
    assert shown(page) == scores_of(gold, [predicted_of(result) for result in kept])
    assert page.inner_text('[data-filter="dropped"]') == "dropped 45"
    assert "dropped: doubt 0.91" in page.locator(".card").first.inner_text()


def test_one_question_for_all_attributes_scores_as_it_was_recorded(show: Any, results: list[Result]) -> None:
    run = [asked_at_once(result) for result in results]
    gold = gold_of(run)
    page = show(report_data(run, gold))
    assert shown(page) == scores_of(gold, [predicted_of(result) for result in run])
    move(page, span=1, type=1, region=1)
    assert shown(page) == scores_of(gold, [uncorrected(result) for result in run])


def test_what_a_person_settled_counts_and_says_by_whom(show: Any, results: list[Result]) -> None:
    run = [reviewed(result) for result in results]
    gold = gold_of(run)
    page = show(report_data(run, gold))
    assert shown(page) == scores_of(gold, [predicted_of(result) for result in run])
    text = page.locator(".card").first.inner_text()
    assert "type reviewed: ORG → PER" in text
    assert "Kim, 2026-11-29T08:00:00+00:00" in text
    assert page.inner_text('[data-filter="changed"]') == "changed 45"


def test_an_answer_for_a_span_that_is_undone_is_counted_as_approximated(show: Any, results: list[Result]) -> None:
    page = show(report_data([undone_span(results[0])], gold_of(results[:1])))
    assert "approximated" not in page.inner_text("#score-note")
    move(page, span=0.6)
    assert "1 answers were given for a span" in page.inner_text("#score-note")


def test_cards_and_filters_follow_the_sliders(show: Any, results: list[Result]) -> None:
    page = show(report_data(results, gold_of(results)))
    assert page.inner_text('[data-filter="harmed"]') == "harmed 45"
    move(page, region=1)
    assert page.inner_text('[data-filter="harmed"]') == "harmed 0"
    card = page.locator(".card").first
    assert "not routed at these thresholds" in card.inner_text()
    assert card.locator(".box:not(.gold)").count() == 1, "the Owls' box is undone"


def test_a_question_about_the_whole_post_and_overlapping_names_show(show: Any, results: list[Result]) -> None:
    first, *others = results[0].entities
    twice = replace(results[0], entities=(first, replace(first, index=3), *others))
    page = show(report_data([generated(results[1]), twice], None))
    cards = page.locator(".card")
    assert "generation: answered" in cards.first.inner_text()
    assert "simulated answers" in cards.first.inner_text()
    assert cards.last.locator("mark").count() == 4
    assert "overlapping" in cards.last.inner_text()


def test_filters_and_pages(show: Any, results: list[Result]) -> None:
    page = show(report_data(results, gold_of(results)))
    assert page.locator(".card").count() == 20
    assert "page 1 of 3, 45 posts" in page.inner_text("#pages")
    page.click('#pages button:has-text("next")')
    assert page.locator(".card h3").first.inner_text().startswith("21 · 20")
    page.fill('input[type="search"]', "no such words")
    assert page.locator(".card").count() == 0
    page.fill('input[type="search"]', "owls")
    page.click('button[data-filter="harmed"]')
    assert page.get_attribute('button[data-filter="harmed"]', "aria-pressed") == "true"
    assert "45 posts" in page.inner_text("#pages")
    page.select_option("select", "LOC")
    assert "45 posts" in page.inner_text("#pages")


def test_keys_go_from_post_to_post_and_over_pages(show: Any, results: list[Result]) -> None:
    page = show(report_data(results, None))
    for _ in range(20):
        page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.number") == "20"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.number") == "19"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    assert page.locator("#score-table").inner_text() == "Not scored: the posts have no gold."


def test_a_card_tells_the_whole_story(show: Any, results: list[Result]) -> None:
    page = show(report_data(results, gold_of(results)))
    card = page.locator(".card").first
    assert card.locator("mark").count() == 3
    assert card.locator(".box:not(.gold)").count() == 2
    assert card.locator(".box.gold").count() == 1
    assert card.locator(".meter").count() == 9
    text = card.inner_text()
    for expected in (
        "type changed: ORG → PER",
        "put right",
        "harmed",
        "span failed",
        "written by hand",
        "gold: Ann (PER, 1 box)",
    ):
        assert expected in text
    card.locator("mark").first.hover()
    assert card.locator(".box.lit").count() == 1
    assert page.is_visible("#warning")


def test_a_tweet_is_words_whatever_it_says(show: Any, results: list[Result]) -> None:
    page = show(report_data([hostile(results[0])], None))
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("window.hit") is None
    assert page.locator(".card img").count() == 0
    assert "onerror" in page.inner_text(".card")


def test_posts_without_pictures_are_said_to_have_none(show: Any, results: list[Result]) -> None:
    page = show(report_data([replace(result, picture=None) for result in results], None))
    assert "No post has a picture." in page.inner_text("#hint")
    assert "empty frames" not in page.inner_text("#hint")


def test_it_fits_on_a_phone(show: Any, results: list[Result]) -> None:
    page = show(report_data(results, gold_of(results)))
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_each_correctors_gain_follows_the_sliders(show: Any, results: list[Result]) -> None:
    gold = gold_of(results)
    page = show(report_data(results, gold))

    def row(corrector: str) -> list[str]:
        cells: list[str] = page.locator(f'tr[data-corrector="{corrector}"] td').all_inner_texts()
        return cells

    all_answers = scores_of(gold, [predicted_of(result) for result in results])[0][2]
    move(page, type=1)
    without_types = shown(page)[0][2]
    assert row("type") == ["0", "0", "0", "0", "0.00", "0", "0.00"]
    page.click("text=as recorded")
    gain = f"{100 * (all_answers - without_types):+.2f}"
    assert row("type") == ["45", "45", "45", "0", gain, "45", "unknown"]
    assert row("region")[:4] == ["45", "45", "0", "45"]
    assert row("region")[4].startswith("-")
    assert row("span")[:5] == ["45", "0", "0", "0", "0.00"]
    assert page.locator("#gain-table th").all_inner_texts()[5] == "gain in GMNER F1"
