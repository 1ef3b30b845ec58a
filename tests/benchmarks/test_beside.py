"""Two checkouts side by side: the figures of pairs, and one side that is measured in a new process."""

from pathlib import Path

import pytest

from benchmarks.beside import HERE, Run, compare, read_in_batches, row, texts_of


def test_the_sides_run_in_turn_and_the_first_pair_does_not_count() -> None:
    order: list[Path] = []

    def task(checkout: Path) -> Run:
        order.append(checkout)
        return Run(float(len(order)), 1.0, 1.0)

    pairs = compare(task, Path("other"), pairs=2)
    assert order == [Path("other"), HERE] * 3
    assert [(theirs.wall, ours.wall) for theirs, ours in pairs] == [(3.0, 4.0), (5.0, 6.0)]


def test_ratios_are_medians_of_pairs() -> None:
    pairs = [(Run(4.0, 2.0, 2.0**20), Run(2.0, 1.0, 2.0**20)), (Run(9.0, 3.0, 2.0**21), Run(3.0, 1.0, 2.0**20))]
    assert row("a", pairs) == ["a", "6.50 / 2.50 s, 2.50 x", "2.50 / 1.00 s, 2.50 x", "1.50 / 1.00 MiB, 1.50 x"]


def test_posts_are_made_up_or_the_lines_of_a_file(tmp_path: Path) -> None:
    assert [len(words) > 1 for words in texts_of(None, 3)] == [True] * 3
    file = tmp_path / "posts.txt"
    file.write_text("Ann Lee plays\n\nfor Blue Owls\nand more\n", "utf-8")
    assert texts_of(file, 2) == [["Ann", "Lee", "plays"], ["for", "Blue", "Owls"]]


@pytest.mark.slow
def test_one_side_is_timed_in_a_process_of_its_own() -> None:
    run = read_in_batches([["Ann", "Lee", "plays"]], 1, 1)(HERE)
    assert min(run.wall, run.cpu) > 0
    assert run.peak > 1 << 20
