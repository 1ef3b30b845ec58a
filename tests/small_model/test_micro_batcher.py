"""The micro-batcher: each of many callers gets their own result, and none waits for ever."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from typing import Any
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unco.errors import Overloaded
from unco.small_model.batching import Batching
from unco.small_model.micro_batcher import MicroBatcher
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor

LONG = 30.0
"""Seconds within which anything that ends has ended."""


def post(number: int, words: int = 3) -> ModelInput:
    return ModelInput((f"post{number}", *["word"] * (words - 1)))


class Gated:
    """A model that answers with the post's first word, a batch each time the gate is open."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()

    def __call__(self, posts: Sequence[ModelInput]) -> list[Any]:
        self.batches.append([post.words[0] for post in posts])
        self.entered.release()
        assert self.gate.wait(LONG)
        return [post.words[0] for post in posts]

    def busy(self, batcher: MicroBatcher) -> Any:
        """Hand in a first post, and come back when the model works on it."""
        first = batcher.submit(post(-1))
        assert self.entered.acquire(timeout=LONG)
        return first


Make = Callable[..., Any]
"""Makes a batcher with bounds; see `batcher_of`."""


def batcher_of(predict: Any, batching: Batching | None = None) -> Any:
    """A batcher of a model that answers with words where a real one gives predictions."""
    return MicroBatcher(predict, batching or Batching())


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[MicroBatcher] = []

    def batcher(predict: Any, **bounds: Any) -> Any:
        made.append(batcher_of(predict, Batching(**{"wait": 0.0} | bounds)))
        return made[-1]

    yield batcher
    for one in made:
        one.close()


@pytest.fixture
def model(make: Make) -> Iterator[Gated]:
    """Opens its gate before the batchers are closed, which wait for the batch under way."""
    gated = Gated()
    yield gated
    gated.gate.set()


def test_posts_that_wait_together_run_together_the_oldest_first(model: Gated, make: Make) -> None:
    batcher = make(model, most_posts=4)
    futures = [model.busy(batcher), *(batcher.submit(post(number)) for number in range(10))]
    model.gate.set()
    assert [future.result(LONG) for future in futures] == [f"post{number}" for number in range(-1, 10)]
    names = [f"post{number}" for number in range(10)]
    assert model.batches == [["post-1"], names[:4], names[4:8], names[8:]]


def test_a_long_post_among_short_ones_gets_its_turn(model: Gated, make: Make) -> None:
    batcher = make(model, most_posts=4, most_words=40)
    futures = [model.busy(batcher), batcher.submit(post(0)), batcher.submit(post(1, words=30))]
    futures += [batcher.submit(post(number)) for number in range(2, 8)]
    model.gate.set()
    wait(futures, LONG)
    assert model.batches[1:] == [["post0", "post2", "post3", "post4"], ["post1"], ["post5", "post6", "post7"]]


def test_a_full_batch_does_not_wait(model: Gated, make: Make) -> None:
    batcher = make(model, most_posts=2, wait=60.0)
    model.gate.set()
    assert [future.result(LONG) for future in [batcher.submit(post(0)), batcher.submit(post(1))]] == ["post0", "post1"]


def results_close(one: Sequence[Any], other: Sequence[Any]) -> None:
    assert [(p.span, p.type, p.region) for p in one] == [(p.span, p.type, p.region) for p in other]
    for mine, theirs in zip(one, other, strict=True):
        for name in ("span", "type", "region"):
            assert mine.nats.of(name) == pytest.approx(theirs.nats.of(name), abs=1e-5)


def test_the_real_network_predicts_the_same_alone_and_batched(predictor: Predictor, make: Make) -> None:
    texts = ["Ann Lee", "Ann Lee plays for the Blue Owls in Oslo", "x", "a b c d e f g h i j k l m n o p"] * 4
    inputs = [ModelInput(tuple(f"{text} {number}".split())) for number, text in enumerate(texts)]
    sizes: list[int] = []

    def predict(posts: Sequence[ModelInput]) -> Any:
        sizes.append(len(posts))
        return predictor.predict(posts)

    batcher = make(predict, most_posts=len(inputs), most_words=1000, wait=60.0)  # runs when all are there
    futures = [batcher.submit(one) for one in inputs]
    for one, future in zip(inputs, futures, strict=True):
        results_close(future.result(LONG), predictor.predict([one])[0])
    assert sizes == [len(inputs)]
    assert any(future.result() for future in futures)


def test_one_failing_post_fails_alone(make: Make) -> None:
    def predict(posts: Sequence[ModelInput]) -> list[Any]:
        if any(post.words[0] == "post2" for post in posts):
            raise ValueError("post2 is bad")
        return [post.words[0] for post in posts]

    batcher = make(predict, most_posts=4, wait=60.0)
    futures = [batcher.submit(post(number)) for number in range(4)]
    with pytest.raises(ValueError, match="post2 is bad"):
        futures[2].result(LONG)
    assert [futures[number].result(LONG) for number in (0, 1, 3)] == ["post0", "post1", "post3"]


def test_the_queue_is_bounded_and_a_cancelled_post_frees_its_place(model: Gated, make: Make) -> None:
    batcher = make(model, queue=2)
    first = model.busy(batcher)
    second, third = batcher.submit(post(0)), batcher.submit(post(1))
    with pytest.raises(Overloaded, match=r"^2 posts wait .* hand in fewer at once"):
        batcher.submit(post(2))
    assert second.cancel()
    assert wait([second], LONG).done == {second}
    fourth = batcher.submit(post(3))
    model.gate.set()
    assert [future.result(LONG) for future in (first, third, fourth)] == ["post-1", "post1", "post3"]
    assert model.batches == [["post-1"], ["post1", "post3"]]


async def test_a_cancelled_task_frees_its_place(model: Gated, make: Make) -> None:
    batcher = make(model, queue=1)
    first = await asyncio.to_thread(model.busy, batcher)
    task = asyncio.create_task(batcher.acall(post(0)))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await batcher.acall(post(1))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    other = asyncio.create_task(batcher.acall(post(2)))
    await asyncio.sleep(0)
    model.gate.set()
    assert await other == "post2"
    assert first.result(LONG) == "post-1"
    assert model.batches == [["post-1"], ["post2"]]


async def test_a_task_cancelled_while_its_batch_runs_disturbs_nobody(model: Gated, make: Make) -> None:
    batcher = make(model, most_posts=2, wait=60.0)
    tasks = [asyncio.create_task(batcher.acall(post(number))) for number in range(2)]
    await asyncio.sleep(0)
    assert await asyncio.to_thread(model.entered.acquire, timeout=LONG)
    tasks[0].cancel()
    model.gate.set()
    assert await tasks[1] == "post1"
    assert tasks[0].cancelled()


def test_many_event_loops_and_threads(make: Make) -> None:
    batcher = make(lambda posts: [post.words[0] for post in posts], wait=0.001)
    together = threading.Barrier(8)

    async def ask(start: int) -> list[Any]:
        return await asyncio.gather(*(batcher.acall(post(number)) for number in range(start, start + 20)))

    def loop(start: int) -> list[Any]:
        together.wait(LONG)
        return asyncio.run(ask(start))

    def plain(start: int) -> list[Any]:
        together.wait(LONG)
        return [batcher(post(number)) for number in range(start, start + 20)]

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(loop if turn % 2 else plain, 100 * turn) for turn in range(8)]
    for turn, job in enumerate(jobs):
        assert job.result() == [f"post{number}" for number in range(100 * turn, 100 * turn + 20)]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 8), st.integers(1, 200), st.randoms())
def test_everybody_gets_the_answer_to_their_own_post(lengths: list[int], most: int, words: int, random: Any) -> None:
    posts = [post(number, length) for number, length in enumerate(lengths)]
    random.shuffle(posts)
    batcher = batcher_of(lambda posts: [post.words for post in posts], Batching(most_posts=most, most_words=words))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(batcher, posts)) == [post.words for post in posts]
    batcher.close()


def test_closing_refuses_those_who_wait_and_those_who_come(model: Gated, make: Make) -> None:
    batcher = make(model)
    first, second = model.busy(batcher), batcher.submit(post(0))
    closing = threading.Thread(target=batcher.close)
    closing.start()
    with pytest.raises(RuntimeError, match="closed while the post waited"):
        second.result(LONG)
    model.gate.set()
    closing.join(LONG)
    assert first.result(LONG) == "post-1"
    with pytest.raises(RuntimeError, match="is closed"):
        batcher(post(1))


def test_a_worker_with_nothing_to_do_ends_and_another_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.small_model.micro_batcher.IDLE_TIMEOUT", 0.001)
    batcher = batcher_of(lambda posts: [post.words[0] for post in posts])
    for number in range(3):
        assert batcher(post(number)) == f"post{number}"
        worker = batcher._worker
        if worker is not None:  # else it has ended already
            worker.join(LONG)
        assert batcher._worker is None
    gone = ref(batcher)
    del batcher, worker
    gc.collect()
    assert gone() is None


def test_a_worker_that_breaks_down_leaves_nobody_waiting(
    model: Gated, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = make(model, most_posts=1)
    first = model.busy(batcher)
    waiting = [batcher.submit(post(number)) for number in range(2)]

    def broken(*_: Any) -> Any:
        raise AssertionError("a fault of ours")

    monkeypatch.setattr("unco.small_model.micro_batcher.choose_batch", broken)
    model.gate.set()
    assert first.result(LONG) == "post-1"
    for future in waiting:
        with pytest.raises(RuntimeError, match="broke down"):
            future.result(LONG)
    monkeypatch.undo()
    assert batcher(post(5)) == "post5"


def test_an_interrupted_caller_gives_its_place_back(model: Gated, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    batcher = make(model)
    model.busy(batcher)

    def interrupted(self: Any, timeout: float | None = None) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("unco.small_model.micro_batcher.Future.result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            batcher(post(0))
    assert not batcher._waiting


def test_a_cancelled_future_says_so(model: Gated, make: Make) -> None:
    batcher = make(model)
    model.busy(batcher)
    future = batcher.submit(post(0))
    future.cancel()
    with pytest.raises(CancelledError):
        future.result(LONG)
