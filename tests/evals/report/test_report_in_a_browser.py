"""The page in headless Chromium: it shows, scores, filters, turns, and neither asks the network nor obeys a tweet."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evals.report.made_run import gold_of, hostile, made_results
from unco.evals.report.data import report_data
from unco.evals.report.densities import before_correction
from unco.evals.report.page import write_page
from unco.evals.run_scores import score_run
from unco.types import Result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

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


def shown_f1(page: Any) -> list[str]:
    return [page.inner_text(f'tr[data-task="{task}"] td:nth-child(4)') for task in ("GMNER", "MNER", "EEG")]


def move(page: Any, **thresholds: float) -> None:
    for name, value in thresholds.items():
        page.fill(f'input[data-attribute="{name}"]', str(value))


def f1_of(gold: Any, run: Any) -> list[str]:
    tasks = next(iter(score_run(gold, run).readings.values())).tasks
    return [f"{100 * tasks[task].score.f1:.2f}" for task in ("GMNER", "MNER", "EEG")]  # type: ignore[union-attr]


def test_sliders_score_the_run_again(show: Any, results: list[Result]):
    from unco.evals.formats.prediction_lines import predicted_of

    gold = gold_of(results)
    page = show(report_data(results, gold))
    recorded = f1_of(gold, [predicted_of(result) for result in results])
    assert shown_f1(page) == recorded
    move(page, span=1, type=1, region=1)
    small_model = f1_of(gold, [before_correction(result) for result in results])
    assert shown_f1(page) == small_model != recorded
    assert page.inner_text("#score-note") == "0 attributes routed at these thresholds."
    move(page, type=0)
    assert "nobody was asked" in page.inner_text("#score-note"), "sure types were not asked about in this run"
    page.click("text=as recorded")
    assert shown_f1(page) == recorded


def test_filters_and_pages(show: Any, results: list[Result]):
    page = show(report_data(results, gold_of(results)))
    assert page.locator(".card").count() == 20
    assert "page 1 of 3, 45 posts" in page.inner_text("#pages")
    page.click('#pages button:has-text("next")')
    assert page.locator(".card h3").first.inner_text() == "21 · 20"
    page.fill('input[type="search"]', "no such words")
    assert page.locator(".card").count() == 0
    page.fill('input[type="search"]', "owls")
    page.click('button[data-filter="harmed"]')
    assert page.get_attribute('button[data-filter="harmed"]', "aria-pressed") == "true"
    assert "45 posts" in page.inner_text("#pages")
    page.select_option("select", "LOC")
    assert "45 posts" in page.inner_text("#pages")


def test_keys_go_from_post_to_post_and_over_pages(show: Any, results: list[Result]):
    page = show(report_data(results, None))
    for _ in range(21):
        page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.number") == "20"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.number") == "19"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    assert page.locator("#score-table").inner_text() == "Not scored: the posts have no gold."


def test_a_card_tells_the_whole_story(show: Any, results: list[Result]):
    page = show(report_data(results, gold_of(results)))
    card = page.locator(".card").first
    assert card.locator("mark").count() == 3
    assert card.locator(".box:not(.gold)").count() == 2
    assert card.locator(".box.gold").count() == 1
    assert card.locator(".meter").count() == 9
    text = card.inner_text()
    for said in (
        "type changed: ORG → PER",
        "put right",
        "harmed",
        "span failed",
        "written by hand",
        "gold: Ann (PER, 1 box)",
    ):
        assert said in text
    card.locator("mark").first.hover()
    assert card.locator(".box.lit").count() == 1
    assert page.is_visible("#warning")


def test_a_tweet_is_words_whatever_it_says(show: Any, results: list[Result]):
    page = show(report_data([hostile(results[0])], None))
    page.locator("summary").first.click()
    assert page.evaluate("window.hit") is None
    assert page.locator(".card img").count() == 0
    assert "onerror" in page.inner_text(".card")
