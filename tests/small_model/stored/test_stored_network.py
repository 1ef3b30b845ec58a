"""Who runs the network of a checkpoint: NumPy, and torch once it has paid for its start."""

import copy
import logging
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.queues import SimpleQueue

import numpy as np
import pytest

from tests.small_model.stored.from_weights import stored
from tests.tiny import tiny_network, tiny_predictor, tiny_tokenizer
from unco.small_model.batch import Batch, encode_post, make_batch
from unco.small_model.decoding.greedy import decode_greedily
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.stored import network as stored_network
from unco.small_model.stored.in_numpy import FEW, NumpyNetwork
from unco.small_model.stored.network import ENOUGH, StoredNetwork

WORDS = tuple("Ann Lee plays for the Blue Owls in Port Lindow tonight".split())
NETWORK = stored(tiny_network())
"""Made before a test can break torch."""
SHORT, LONG = [ModelInput(("Ann", "Lee"))], [ModelInput(WORDS)] * 32


def batch_of(posts: list[ModelInput]) -> Batch:
    tokenizer = tiny_tokenizer()
    return make_batch([encode_post(post, tokenizer) for post in posts], tokenizer)


def read(network: StoredNetwork, posts: list[ModelInput]) -> object:
    """Read posts, and give who did."""
    batch = batch_of(posts)
    runtime = network.runtime()
    decode_greedily(runtime, runtime.encode(batch), "tags")
    return runtime


def enough() -> int:
    return 1 + ENOUGH // batch_of(LONG).piece_ids.size


def test_torch_takes_over_once_it_has_paid_for_its_start() -> None:
    network = stored(tiny_network())
    assert batch_of(SHORT).piece_ids.size <= FEW < batch_of(LONG).piece_ids.size
    for _ in range(3 * enough()):
        assert isinstance(read(network, SHORT), NumpyNetwork), "short posts that come alone never need it"
    readers = [read(network, LONG) for _ in range(enough() + 1)]
    assert isinstance(readers[0], NumpyNetwork)
    assert isinstance(readers[-1], Network)
    assert isinstance(read(network, SHORT), Network), "one of them at a time"
    assert network.to("cpu") is network.in_torch
    assert str(network.device) == "cpu"


@pytest.fixture
def torch_is_broken() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "unco.small_model.stored.in_torch", None)
        yield


@pytest.mark.usefixtures("torch_is_broken")
def test_where_torch_cannot_start_numpy_goes_on_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    network = NETWORK
    with caplog.at_level(logging.WARNING):
        assert all(isinstance(read(network, LONG), NumpyNetwork) for _ in range(enough() + 3))
    assert [record.getMessage()[:43] for record in caplog.records] == ["torch cannot be started, so NumPy goes on: "]
    with pytest.raises(ImportError):
        _ = network.in_torch


def test_while_torch_starts_others_go_on_in_numpy() -> None:
    network = stored(tiny_network())
    while network._in_numpy.long_work <= ENOUGH:
        read(network, LONG)
    with stored_network._starting:
        assert isinstance(read(network, LONG), NumpyNetwork)
    assert isinstance(read(network, LONG), Network)


def test_threads_start_torch_once_and_all_read_the_same() -> None:
    network, alone = stored(tiny_network()), replace(tiny_predictor(), network=stored(tiny_network()), heads="tags")
    expected = [(one.span, one.type) for one in alone.to("cpu").predict(LONG[:1])[0]]
    shared = replace(alone, network=network)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shared.predict(LONG), range(2 * enough())))
        assert len({id(one) for one in pool.map(lambda _: network.in_torch, range(32))}) == 1
    assert all([(one.span, one.type) for one in post] == expected for posts in found for post in posts)


def test_both_share_their_weights() -> None:
    network = stored(tiny_network())
    runtime = network.runtime()
    network.in_torch.state_dict()["tagger.bias"].fill_(7.0)
    encoded = runtime.encode(batch_of(SHORT))
    assert np.array_equal(runtime._linear("tagger", 0.0 * encoded.words), np.full((1, 2, 5), 7.0, np.float32))  # type: ignore[attr-defined]


def test_a_copy_and_a_pickled_one_read_the_same() -> None:
    predictor = replace(tiny_predictor(), network=stored(tiny_network()))
    expected = predictor.predict(SHORT)
    for other in (copy.deepcopy(predictor), pickle.loads(pickle.dumps(predictor))):
        assert other.network is not predictor.network
        assert other.predict(SHORT) == expected


def start_in_child(network: StoredNetwork, said: "SimpleQueue[str]") -> None:
    said.put(type(network.in_torch).__name__)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_a_fork_while_torch_starts_does_not_wait_for_ever() -> None:
    context, network = multiprocessing.get_context("fork"), stored(tiny_network())
    said = context.SimpleQueue()
    with stored_network._starting:
        child = context.Process(target=start_in_child, args=(network, said))
        child.start()
    child.join(60)
    assert child.exitcode == 0
    assert said.get() == "Network"


def test_dropout_is_sampled_in_torch() -> None:
    predictor = replace(tiny_predictor(), network=stored(tiny_network()))
    assert predictor.estimator.sampling.passes
    alone, in_torch = (one.predict([ModelInput(WORDS)])[0] for one in (predictor, predictor.to("cpu")))
    assert alone
    assert alone == in_torch


def test_a_text_is_read_without_torch() -> None:
    code = (
        "import sys, unco\n"
        "short, long = 'Grace Hopper joined the US Navy', 'Grace Hopper joined the US Navy. ' * 60\n"
        "for text in (short, long):\n"
        "    found = unco.extract(text, context=unco.Context(mode='off'))\n"
        "    print(found.entities[0].text, *sorted({'torch', 'transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Grace Hopper", "Grace Hopper"]
