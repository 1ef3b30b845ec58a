"""The Ray engine: reads posts, runs the small model and corrects on a cluster, and returns outcomes in order."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import ray
import ray.data
from ray.data import ActorPoolStrategy, DataContext, Dataset
from ray.exceptions import RayError, RayTaskError

from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.engine import RemainingPosts
from unco.corpus.on_ray.actors import Correctors, SmallModel
from unco.corpus.on_ray.cluster import Sizes, cluster, sizes_of
from unco.corpus.on_ray.post_rows import rows_of
from unco.corpus.on_ray.reading import Piece, PostsDatasource, pieces_of
from unco.corpus.on_ray.shared_budget import open_budget
from unco.corpus.on_ray.worker_environment import this_environment
from unco.corpus.pipeline import PostOutcome
from unco.errors import SetupError
from unco.tools.llm.client import Mllm

BLOCK_BYTES = 1
"""Size of a block, so small that each row is one, see `unco.corpus.on_ray.post_rows`."""

CORRECTOR_CPUS = 0.5
"""CPUs of a corrector: most of the time it waits."""

_CHANGED = "the file of posts has changed meanwhile, or Ray lost some; go on with --resume"


class RayEngine:
    """Runs both stages on a Ray cluster."""

    def __init__(self, choices: Choices, llm: Mllm, context: Context, sizes: Sizes | None = None) -> None:
        """Bind what posts run through; no cluster is looked for yet.

        Args:
            choices: the small model, and how many posts are corrected at once, in the whole cluster.
            llm: who is asked; each worker binds its own from the same settings.
            context: of the run.
            sizes: how many actors; None = what fits.
        """
        self._choices, self._llm, self._context, self._sizes = choices, llm, context, sizes
        self._actor: Any = None
        self._said, self._said_at = "", 0.0

    async def run(self, lines: RemainingPosts) -> AsyncIterator[PostOutcome]:
        """Run posts on the cluster; outcomes come in the posts' order.

        Raises:
            SettingsError: posts that only this process can read.
            SetupError: the cluster cannot be reached or broke down, or a worker lacks something.
        """
        if not (pieces := pieces_of(lines)):
            return
        with cluster() as (cpus, gpus):
            gpus = 0.0 if self._choices.predictions else gpus
            sizes = self._sizes or sizes_of(cpus, gpus, self._choices.at_once)
            number, numbers = lines.done, lines.numbers()
            try:
                async for outcome in _outcomes(self._dataset(pieces, sizes)):
                    number = next(numbers, -1)
                    if outcome.line.number != number:
                        raise SetupError(f"post {outcome.line.number} came in place of post {number}: {_CHANGED}")
                    yield outcome
            finally:
                self._actor = None
            if _last_number(pieces, lines) not in (None, number):
                raise SetupError(f"nothing came after post {number}: {_CHANGED}")

    def waiting(self) -> str:
        """Return for what all workers wait now; asked for once a second, as it comes from the cluster."""
        if self._actor is not None and time.monotonic() - self._said_at > 1.0:
            self._said_at = time.monotonic()
            with suppress(RayError):
                self._said = ray.get(self._actor.waiting.remote(), timeout=0.5)
        return self._said

    def _dataset(self, pieces: list[Piece], sizes: Sizes) -> Dataset:
        """Build the data set of both stages over the posts; nothing runs yet."""
        environment = this_environment()
        self._actor = open_budget(self._llm)
        with DataContext.current(_settings()):
            posts = ray.data.read_datasource(
                PostsDatasource(pieces), override_num_blocks=len(pieces), num_cpus=0, concurrency=sizes.readers
            )
            found = posts.map_batches(
                SmallModel,
                fn_constructor_args=(environment, self._choices, sizes.gpu, self._context.recall_threshold is not None),
                compute=_pool(sizes.models, calls=2),
                num_gpus=1 if sizes.gpu else None,
                num_cpus=1,
                batch_format="pyarrow",
                batch_size=None,
            )
            corrected: Dataset = found.map_batches(
                Correctors,
                fn_constructor_args=(
                    *(environment, self._context, sizes.at_once),
                    *(self._choices.patience_s, self._actor, self._choices.variant),
                ),
                compute=_pool(sizes.correctors, calls=max(4, sizes.at_once // 8)),  # many posts ask nothing
                num_cpus=CORRECTOR_CPUS,
                batch_format="pyarrow",
                batch_size=None,
            )
            return corrected


def _last_number(pieces: list[Piece], lines: RemainingPosts) -> int | None:
    """Return the number of the last post; None = it is not known before it has come."""
    if lines.only is not None:
        return lines.only[-1]
    return None if pieces[-1].posts is None else pieces[-1].first + pieces[-1].posts - 1


def _settings() -> DataContext:
    """Return Ray Data's settings for this data set alone."""
    settings = DataContext.get_current().copy()
    settings.execution_options.preserve_order = True
    settings.target_max_block_size = BLOCK_BYTES
    settings.enable_progress_bars = settings.print_on_execution_start = False
    return settings


def _pool(size: int, calls: int) -> ActorPoolStrategy:
    """Build a pool of so many actors, each with so many tables at once; Ray may stop idle ones."""
    return ActorPoolStrategy(
        min_size=1,
        initial_size=size,
        max_size=size,
        max_concurrent_calls_per_actor=calls,
        enable_true_multi_threading=True,
    )


async def _outcomes(dataset: Dataset) -> AsyncIterator[PostOutcome]:
    """Yield outcomes; an interrupt takes effect between two tables. A thread that outlives Ray would restart it."""
    tables: Iterator[Any] = iter(dataset.iter_batches(batch_size=None, batch_format="pyarrow"))
    try:
        for table in tables:
            await asyncio.sleep(0)
            for row in rows_of(table):
                yield row.outcome()
    except RayTaskError:  # a fault of ours in a worker, with its own traceback
        raise
    except RayError as error:
        raise SetupError(f"the Ray cluster broke down ({error}): go on with --resume") from error
    finally:
        tables.close()  # type: ignore[attr-defined]  # a generator, which lets go of its actors here
