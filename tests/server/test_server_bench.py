"""The benchmark counts what came back; how fast is no business of a test."""

from collections import Counter

import pytest

from benchmarks.server import GraphRuns, posts, run_all, server_table
from tests.server.served import Served

pytestmark = pytest.mark.slow


async def test_it_counts_runs_without_result_and_what_leaks(served: Served) -> None:
    _, inputs = posts(3)
    bad = {"text": "", "image": "/srv/secret/a.png"}
    runs = await run_all(served.server.url, "unco", [*inputs, bad], ("Space Shuttle", "/srv/secret"))
    assert len(runs.seconds) == 4
    assert runs.outcomes["no result"] == 1
    assert runs.outcomes.total() == 1 + 3 * 9
    assert runs.leaks == 3  # the three results hold the words, and the error not the path
    assert 0 < runs.percentile(0.5) <= runs.percentile(0.95) <= max(runs.seconds) <= runs.total_s


def test_its_table_says_what_the_floor_is() -> None:
    noop = GraphRuns("nothing", (1.0, 1.0), 2.0, Counter(), 0)
    table = server_table([noop, GraphRuns("unco", (2.0, 3.0), 5.0, Counter({"kept": 8, "no result": 1}), 0, 4)])
    cells = {str(column.header): list(column.cells) for column in table.columns}
    assert cells["median"] == ["1.00 s", "2.50 s"]
    assert cells["finished"] == ["2 of 2", "1 of 2"]
    assert cells["outcomes"] == ["", "kept 8, no result 1"]
