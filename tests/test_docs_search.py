"""The search of the docs answers the questions that readers have: the built site is asked in headless Chromium."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing of each request."""


@pytest.fixture(scope="module")
def search_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Build the site, serve it on this machine and open its first page."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(site)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("where do I set the temperature?", "Where do I set the temperature?"),
        ("how do I put this into my own graph?", "How do I put this into my own graph?"),
        ("why was nobody asked about this?", "Why was nobody asked about this?"),
        ("set temperature", "Set the temperature and other settings of a model"),
        ("own graph", "unco in your own graph"),
        ("nobody asked", "Why was nobody asked?"),
        ("install", "Install"),
    ],
)
def test_the_first_or_second_hit_answers(search_box: Any, question: str, answer: str) -> None:
    search_box.fill("[data-md-component=search-query]", "")
    search_box.click("[data-md-component=search-query]")
    search_box.keyboard.type(question)
    # The hits follow each letter that is typed, so those of half a question may still be there.
    titles = "[...document.querySelectorAll('.md-search-result__article :is(h1, h2)')].map(title => title.innerText)"
    search_box.wait_for_function(f"answer => {titles}.slice(0, 2).includes(answer)", arg=answer, timeout=10_000)
