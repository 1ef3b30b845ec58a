"""Stage 1 on another replica: one that dies is replaced by the next, errors arrive as ours, pictures travel along."""

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.pictures import as_bytes
from tests.serving.made import SMALL, TEXT
from unco.errors import Overloaded, PostError, SetupError
from unco.tools.pictures.store import store_picture
from unco.types import Post

pytest.importorskip("ray")
pytest.importorskip("grpc_reflection", reason="the extra `ray` is not installed")
pytestmark = [
    pytest.mark.slow,  # to import Ray Serve
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of its import
]


class Handle:
    """Stands for the handle of a deployment: each call takes the next of what a test wrote down."""

    def __init__(self, *outcomes: Any) -> None:
        self._outcomes = list(outcomes)
        self.sent: list[tuple[Post, bytes | None]] = []

    async def remote(self, post: Post, picture: bytes | None) -> Any:
        self.sent.append((post, picture))
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception) and not isinstance(outcome, PostError):
            raise outcome
        return outcome


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handle], Any]:
    from unco.serving.on_ray import small_model

    monkeypatch.setattr(small_model, "_PAUSE_S", 0.0)
    return small_model.RemoteSmallModel


async def test_a_post_whose_replica_dies_goes_to_the_next(remote: Callable[[Handle], Any]) -> None:
    from ray.exceptions import ActorDiedError

    found = SMALL(Post(TEXT))
    handle = Handle(ActorDiedError(), ActorDiedError(), found)
    assert await remote(handle).acall(Post(TEXT)) == found
    with pytest.raises(SetupError, match="no replica of the small model answers"):
        await remote(Handle(*[ActorDiedError()] * 5)).acall(Post(TEXT))


async def test_errors_arrive_as_ours(remote: Callable[[Handle], Any]) -> None:
    from ray.serve.exceptions import BackPressureError

    with pytest.raises(PostError, match="too long"):
        await remote(Handle(PostError("too long"))).acall(Post(TEXT))
    with pytest.raises(Overloaded):
        await remote(Handle(BackPressureError(5, 5))).acall(Post(TEXT))


async def test_a_picture_of_the_cache_travels_along(remote: Callable[[Handle], Any]) -> None:
    data = as_bytes(Image.new("RGB", (8, 8)))
    handle = Handle(SMALL(Post(TEXT)))
    await remote(handle).acall(Post(TEXT, image=store_picture(data)))
    assert handle.sent[0][1] == data
