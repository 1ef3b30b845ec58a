"""Benchmark a report page in headless Chromium: opening the file, and moving a slider until new scores show."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.scores import GMNER, made_up_run
from benchmarks.timing import Measured
from unco.errors import SetupError
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.report.data import report_data
from unco.evals.report.page import write_page
from unco.types import ATTRIBUTES, Correction, Entity, PictureInfo, Result, Thresholds, Uncertainty

SIZES = (1500, 5000)
"""Numbers of posts."""

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]

MOVE = """() => [...document.querySelectorAll('input[type=range]')].map((slider, place) => {
  const start = performance.now();
  slider.value = (place + 3) / 10;
  slider.dispatchEvent(new Event('input'));
  document.body.offsetHeight;  // laid out anew, as before it is painted
  return (performance.now() - start) / 1000;
})"""

THRESHOLDS = Thresholds(0.4, 0.3, 0.5)


def measure_report(sizes: tuple[int, ...] = SIZES, rounds: int = 5) -> list[tuple[str, list[Measured]]]:
    """Measure title and rows for each size.

    Raises:
        SetupError: playwright or Chromium is missing.
    """
    with TemporaryDirectory() as folder, _browser() as browser:
        return [_measure(browser, posts, rounds, Path(folder) / f"{posts}.html") for posts in sizes]


def _measure(browser: Any, posts: int, rounds: int, path: Path) -> tuple[str, list[Measured]]:
    gold, predictions = made_up_run(posts, GMNER)
    write_page(report_data([as_result(one) for one in predictions], gold), path)
    loads, moves = list[float](), list[float]()
    for _ in range(rounds):
        page = browser.new_page()
        page.goto(f"file://{path}")
        page.wait_for_selector("html[data-ready]")
        loads.append(page.evaluate("performance.now() / 1000"))
        moves += page.evaluate(MOVE)
        page.close()
    title = f"Report of {posts} posts, {path.stat().st_size / 1e6:.1f} MB, in headless Chromium"
    return title, [Measured("opened, until it answers", median(loads)), Measured("a slider moved", median(moves))]


def as_result(post: PredictedPost) -> Result:
    """Make up a result; every third entity had its type asked about and changed."""
    entities = tuple(_entity(index, one) for index, one in enumerate(post.entities))
    picture = PictureInfo("blank", "0" * 64, 600, 450)
    tokens = ("w",) * 16
    return Result(" ".join(tokens), tokens, entities, picture, THRESHOLDS, "made up", id=post.id)


def _entity(index: int, predicted: Predicted) -> Entity:
    uncertainty = Uncertainty(0.1, 0.6 if index % 3 == 0 else 0.2, 0.3)
    found = Entity(index, predicted.span, "w", 0, 1, predicted.type, predicted.region, uncertainty, uncertainty)
    return replace(found, corrections=_notes(found))


def _notes(entity: Entity) -> tuple[Correction, ...]:
    return tuple(
        Correction(
            attribute=name,
            outcome="changed" if entity.uncertainty.of(name) > THRESHOLDS.of(name) else "skipped",
            before="OTHER" if entity.uncertainty.of(name) > THRESHOLDS.of(name) else entity.value_of(name),
            after=entity.value_of(name),
            uncertainty=entity.uncertainty.of(name),
            threshold=THRESHOLDS.of(name),
            reasoning="made up " * 20,
        )
        for name in ATTRIBUTES
    )


@contextmanager
def _browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SetupError("this benchmark opens a browser: install Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SetupError('this benchmark drives a browser: pip install ".[dev]"') from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
