"""Stage 1 as a deployment of its own: posts that come at once run as one batch, on a GPU where there is one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ray.exceptions import RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from unco.corpus.choices import Choices, extractor_of
from unco.corpus.on_ray.actors import ON_GPU
from unco.corpus.on_ray.worker_environment import WorkerEnvironment
from unco.errors import Overloaded, SetupError, UncoError
from unco.tools.extraction.call import extract_async
from unco.tools.pictures.store import store_picture, stored_picture
from unco.types import Extraction, Post

START_S = 600.0
"""For the first replica to come, where the cluster has to make room for it."""

ATTEMPTS = 5
"""Replicas that are tried for a post: it may be run again, as it changes nothing."""

_PAUSE_S = 0.2


class SmallModel:
    """A replica of the small model. A batch is chosen as in a process alone, see `Batching`."""

    def __init__(self, environment: WorkerEnvironment, choices: Choices, gpu: bool) -> None:
        """Load the small model.

        Args:
            environment: folder and settings of the process that deployed it.
            choices: which small model.
            gpu: whether this replica has a GPU of its own.

        Raises:
            SetupError: it cannot be loaded.
        """
        environment.apply()
        self._extractor = extractor_of(choices, "cuda", ON_GPU) if gpu else extractor_of(choices, "cpu")
        self._extractor(Post("Ready"))

    async def __call__(self, post: Post, picture: bytes | None) -> Extraction | UncoError:
        """Extract a post's entities; an error of ours is returned, since Ray would wrap one that is raised.

        Args:
            post: may refer to a picture of a cache.
            picture: its bytes, as this node's cache may not have it.
        """
        try:
            if picture is not None:
                post = replace(post, image=await asyncio.to_thread(store_picture, picture))
            return await extract_async(self._extractor, post)
        except UncoError as error:
            return error


class RemoteSmallModel:
    """Stage 1 as another replica sees it; see `AsyncExtractor`."""

    def __init__(self, handle: Any) -> None:
        """Bind the handle of the deployment."""
        self._handle = handle

    def __call__(self, post: Post) -> Extraction:
        """Extract the entities of a post, and wait; also for the first replica to be there.

        Raises:
            UncoError: see `acall`.
        """
        with ThreadPoolExecutor(1) as thread:  # Ray waits in no thread that has an event loop
            return thread.submit(
                lambda: _checked(self._sent(post, _picture_of(post)).result(timeout_s=START_S))
            ).result()

    async def acall(self, post: Post) -> Extraction:
        """Extract the entities of a post; another replica is asked where one dies.

        Raises:
            UncoError: the post's own.
            Overloaded: too many posts wait.
            SetupError: no replica answers.
        """
        picture = await asyncio.to_thread(_picture_of, post)
        for attempt in range(ATTEMPTS):
            try:
                return _checked(await self._sent(post, picture))
            except BackPressureError as error:
                raise Overloaded("too many posts wait for the small model: try again in a second") from error
            except (RayActorError, DeploymentUnavailableError) as error:
                fault = error
                await asyncio.sleep(_PAUSE_S * 2**attempt)
        raise SetupError(f"no replica of the small model answers ({type(fault).__name__})") from fault

    def _sent(self, post: Post, picture: bytes | None) -> Any:
        return self._handle.remote(post, picture)


def _picture_of(post: Post) -> bytes | None:
    return stored_picture(post.image) if post.image else None


def _checked(found: Extraction | UncoError) -> Extraction:
    if isinstance(found, UncoError):
        raise found
    return found
