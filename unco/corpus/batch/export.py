"""Exports questions for a batch: what can be asked now, given all that was answered before."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from unco.context import Context
from unco.corpus.batch.batch_mllm import BatchMllm
from unco.corpus.batch.question_files import QuestionFiles, read_questions
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line
from unco.errors import SettingsError, Waiting
from unco.nodes.settings import chain_of
from unco.tools.extraction.extractor import Extractor
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search


@dataclass(frozen=True, slots=True)
class Exported:
    """Counts of an export."""

    posts: int
    done: int
    """Posts that wait for no answer."""
    failed: int
    """Posts that cannot be run."""
    forbidden: int
    """Of the posts that wait for no answer, those with a question that budget or privacy do not allow; `unco run` gives
    the results of the others without a call."""
    questions: int
    """Written now."""
    files: tuple[Path, ...]
    """Written now."""

    @property
    def waiting(self) -> int:
        """Posts that wait for answers, to questions written now or before."""
        return self.posts - self.done - self.failed


def export_questions(
    lines: Iterator[Line],
    folder: Path,
    extractor: Extractor,
    llm: Mllm,
    context: Context,
    again: bool = False,
    knowledge: Search | None = None,
) -> Exported:
    """Write the questions that posts wait for: the next of each entity, where its last one is answered.

    Args:
        lines: posts.
        folder: for the files; a question that stands there already is not written again.
        extractor: the small model.
        llm: whose endpoint and model the questions are for; of a chain the first, or the one that the context names.
        context: of the run; questions are those of a live run.
        again: write questions that stand there already and have no answer, for their batch is over.
        knowledge: as of `build_graph`.

    Raises:
        SettingsError: no endpoint or model is named, or there is no cache to take answers from.
        DataError: the folder holds something else.
        SetupError: it cannot be written.
    """
    [(asked, its_context), *_] = chain_of(context, llm)
    if not (asked.base_url and (asked.model or its_context.model) and asked.cache):
        raise SettingsError("a batch is for one endpoint and model: set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL")
    with QuestionFiles(folder) as files:
        before = set() if again else set(read_questions(folder))
        batch_mllm = BatchMllm(asked, files, before)
        pipeline = Pipeline(extractor, batch_mllm, replace(its_context, mode="live"), knowledge)
        posts, done, failed, forbidden = asyncio.run(_run(lines, pipeline))
    return Exported(posts, done, failed, forbidden, batch_mllm.written, tuple(files.written))


async def _run(lines: Iterator[Line], pipeline: Pipeline) -> tuple[int, int, int, int]:
    posts = done = failed = forbidden = 0
    async for post in pipeline.run(lines):
        posts += 1
        done += post.result is not None
        failed += post.result is None and not isinstance(post.fault, Waiting)
        notes = post.result.notes if post.result else ()
        forbidden += any(note.reason in ("budget", "policy") for note in notes)
    return posts, done, failed, forbidden
