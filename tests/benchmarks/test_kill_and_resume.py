"""A run that is killed and resumed ends with the results of an unbroken one."""

from pathlib import Path

import pytest

from benchmarks.kill_and_resume import kill_and_resume
from benchmarks.made_corpus import gold_of, write_corpus

pytestmark = pytest.mark.slow


def test_nothing_is_lost_doubled_or_changed(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 150)
    found = kill_and_resume(posts, predictions, gold_of(150), tmp_path / "runs", kill_count=3)
    assert found.kill_count == 3
    assert found.posts == 150
    assert found.equal
    assert found.answers - found.given_again == 150
    assert found.given_again <= 4 * found.kill_count, "only what was under way when the kill came"
