"""The page of `unco review` in headless Chromium: keys, a drawn box, faults, and words that are never markup."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.evals.report.made_run import EVIL, hostile, made_results, write_run
from tests.evals.report.test_report_in_a_browser import CHROMIUM, browser
from unco.evals.formats.results import read_results
from unco.types import Box, Span

__all__ = ["browser"]

START = """import signal
from unco.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started to ignore it
main()"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Any]:
    """Start `unco review` of some results; gives the process and the page's address."""
    running: list[subprocess.Popen[str]] = []

    def started(*results: Any) -> tuple["subprocess.Popen[str]", str]:
        run = write_run(list(results), tmp_path / "run.jsonl")
        command = [sys.executable, "-c", START, "review", str(run), "-o", str(tmp_path / "reviewed.jsonl")]
        process = subprocess.Popen(
            [*command, "--pictures", str(tmp_path), "--by", "Kim"],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().split()[-1]

    yield started
    for process in running:
        process.kill()
        process.communicate()


def shown(page: Any) -> str:
    text: str = page.locator("#text").inner_text()
    return text


def test_a_person_works_through_the_queue_by_keys(browser: Any, review: Any, tmp_path: Path) -> None:
    first, second = made_results(tmp_path, 2)
    process, address = review(first, second)
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    assert page.inner_text("#progress") == "0 done, 2 left"
    assert "Blue Owls" in shown(page)
    assert page.locator("#picture img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 200
    page.keyboard.press("a")  # Ann's type, as the MLLM changed it
    page.keyboard.press("e")  # the Owls' region: drawn
    frame = page.locator("#picture").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return frame["x"] + x / 200 * frame["width"], frame["y"] + y / 100 * frame["height"]

    page.mouse.move(*at(20, 10))
    page.mouse.down()
    page.mouse.move(*at(100, 50))
    page.mouse.up()
    page.keyboard.press("e")  # Arbor's words: wrong at first
    page.fill("li.current input", "Zoe")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector(".fault")
    assert "does not stand in the post" in page.inner_text(".fault")
    page.keyboard.press("e")
    page.fill("li.current input", "Ann Arbor")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.get_by_text("1 done, 1 left").wait_for()
    other = subprocess.run(process.args, capture_output=True, text=True)
    assert (other.returncode, "another run writes" in other.stderr) == (2, True)
    process.kill()  # another process goes on
    process, address = review(first, second)
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    assert page.inner_text("#progress") == "1 done, 1 left"
    page.keyboard.press("b")  # the value before, as the small model said
    page.keyboard.press("n")
    page.keyboard.press("i")
    page.keyboard.press("Enter")
    page.wait_for_selector("#message:not([hidden])")
    assert "All posts are done" in page.inner_text("#message")
    assert "2 posts done, 0 left" in process.communicate(timeout=120)[0]
    assert process.returncode == 0
    one, two = read_results(tmp_path / "reviewed.jsonl")
    assert [one.entities[0].type, two.entities[0].type] == ["PER", "ORG"]
    box = one.entities[1].region
    assert box is not None
    assert box.iou(Box(20, 10, 100, 50)) > 0.9
    assert two.entities[1].region is None
    assert [one.entities[2].span, two.entities[2].span] == [Span(8, 10), Span(8, 9)]
    assert two.entities[2].corrections[0].at
    assert two.entities[2].corrections[0].outcome == "failed"
    assert faults == []
    assert all(url.startswith("http://127.0.0.1:") for url in requests)
    page.close()


def test_a_tweet_is_words_whatever_it_says(browser: Any, review: Any, tmp_path: Path) -> None:
    [made] = made_results(tmp_path, 1)
    evil = replace(hostile(made), id="0")
    process, address = review(evil)
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    assert EVIL in shown(page)
    assert page.evaluate("window.hit") is None
    process.send_signal(signal.SIGINT)
    assert "0 posts done, 1 left" in process.communicate(timeout=120)[0]
    assert process.returncode == 0
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.close()
