"""Out-of-memory handling: batches are halved, and a single item that does not fit gives a clear error."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from weakref import ref

import pytest
import torch

from tests.tiny import tiny_predictor
from unco.errors import SetupError
from unco.small_model.batch import Batch
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.out_of_memory import is_out_of_memory, run_in_parts

CUDA = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")


def doubles(fits: Callable[[Sequence[int]], bool], error: Exception, seen: list[int]) -> Callable[..., list[int]]:
    def run(items: Sequence[int]) -> list[int]:
        seen.append(len(items))
        if not fits(items):
            raise error
        return [2 * item for item in items]

    return run


@pytest.mark.parametrize("error", [CUDA, CPU, MemoryError()], ids=["cuda", "cpu", "python"])
def test_what_does_not_fit_is_halved(error: Exception) -> None:
    seen: list[int] = []
    assert is_out_of_memory(error)
    assert run_in_parts(doubles(lambda items: len(items) <= 2, error, seen), range(8), str) == list(range(0, 16, 2))
    assert seen == [8, 4, 2, 2, 4, 2, 2]


def test_one_item_that_does_not_fit_says_what_to_do() -> None:
    with pytest.raises(SetupError, match="out of memory on item 7: free memory .* in parts") as caught:
        run_in_parts(doubles(lambda items: 7 not in items, CUDA, []), range(8), lambda item: f"item {item}")
    assert caught.value.__cause__ is CUDA


def test_other_errors_are_not_tried_again() -> None:
    seen: list[int] = []
    with pytest.raises(RuntimeError, match="shapes"):
        run_in_parts(doubles(lambda items: False, RuntimeError("shapes do not match"), seen), range(4), str)
    assert seen == [4]


def test_tensors_of_a_failed_batch_are_freed_before_the_next_try() -> None:
    held: list[Any] = []

    def run(items: Sequence[int]) -> list[int]:
        tensor = torch.zeros(len(items))
        assert all(tensor() is None for tensor in held)
        held.append(ref(tensor))
        if len(items) > 2:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return list(items)

    assert run_in_parts(run, range(8), str) == list(range(8))


def test_the_small_model_goes_on_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [ModelInput(("Ann", "Lee")), ModelInput(("Blue", "Owls", "win")), ModelInput(("x",))]
    predictor = replace(tiny_predictor(), batch_size=32)
    expected, encode = predictor.predict(posts), Network.encode

    def encodes_one(self: Network, batch: Batch) -> Any:
        if len(batch.words) > 1:
            raise CUDA
        return encode(self, batch)

    monkeypatch.setattr(Network, "encode", encodes_one)
    for found, alone in zip(predictor.predict(posts), expected, strict=True):
        assert [(item.span, item.type) for item in found] == [(item.span, item.type) for item in alone]
    monkeypatch.setattr(
        Network, "encode", lambda self, batch: encodes_one(self, batch.map(lambda numbers: numbers.repeat(2, 0)))
    )
    with pytest.raises(SetupError, match="on one post of 1 words and 0 regions"):
        predictor.predict(posts[2:])
