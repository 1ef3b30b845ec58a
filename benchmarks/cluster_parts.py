"""Benchmark the parts that a cluster has only one of, and that so limit it: reader, writer, and shared budget."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.made_corpus import write_corpus
from unco.corpus.engine import RemainingPosts
from unco.corpus.on_ray.post_rows import PostRow, rows_of, table_of
from unco.corpus.on_ray.reading import PIECE_POSTS, pieces_of
from unco.corpus.on_ray.shared_budget import open_budget, use_shared_budget
from unco.corpus.output import Output
from unco.corpus.run import as_line
from unco.corpus.tally import Tally
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.request import Request

READ, ASKED, AT_ONCE = 20_000, 4_000, 64


def measure_parts(results: Path) -> dict[str, float]:
    """Measure how much each part does in a second. A cluster has to run already.

    Args:
        results: of a run, which are written again.
    """
    return {
        "posts, one reader": _reader(),
        "results, the writer": _writer(results),
        "questions, the actor": _shared_budget(),
    }


def _reader() -> float:
    with TemporaryDirectory() as folder:
        pieces = pieces_of(RemainingPosts(write_corpus(Path(folder), READ)[0]))
        return _rate(READ, lambda: [table for piece in pieces for table in piece.tables()])


def _writer(results: Path) -> float:
    rows = [PostRow(number, result=line) for number, line in enumerate(results.read_bytes().splitlines(), start=1)]
    tables = [table_of(rows[start : start + PIECE_POSTS]) for start in range(0, len(rows), PIECE_POSTS)]
    with TemporaryDirectory() as folder:
        output, tally = Output(Path(folder) / "out.jsonl", {}, False), Tally()

        def write() -> None:
            for table in tables:
                for row in rows_of(table):
                    done = row.outcome()
                    output.append(done.line.number, as_line(done))
                    if done.result is not None:
                        tally.add(done.result)

        rate = _rate(len(rows), write)
        output.close()
    return rate


def _shared_budget() -> float:
    """Measure the shared budget with caps and a rate, so that a question is three messages."""

    def capped() -> Mllm:
        return Mllm("http://127.0.0.1:9/v1", "gpt-4o", terms=Terms(budget=Budget(Caps(calls=10**9))))

    llm, request = capped(), Request(system="", user="Ann sings", model="gpt-4o")
    use_shared_budget(llm, open_budget(capped()))

    async def ask(times: int) -> None:
        for _ in range(times):
            async with llm.terms.budget.areserved(request, None):
                await llm.terms.rate.areserve(1)

    async def all_ask() -> None:
        await asyncio.gather(*(ask(ASKED // AT_ONCE) for _ in range(AT_ONCE)))

    asyncio.run(ask(1))  # the actor's own start
    return _rate(ASKED, lambda: asyncio.run(all_ask()))


def _rate(count: int, task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return count / (time.perf_counter() - start)
