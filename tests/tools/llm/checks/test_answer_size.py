"""An answer is read up to a limit, packed or plain, and the error says so."""

import gzip
import zlib

import pytest

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion
from tests.tools.llm.scripted_client import REQUEST, Ask, client
from unco.errors import CallFailed
from unco.tools.llm.checks import answer_size
from unco.tools.llm.checks.answer_size import MAX_ANSWER_BYTES

PACKED = {"Content-Encoding": "gzip"}


def padded(size: int) -> bytes:
    """Build a completion with blanks behind it, up to a size in bytes."""
    return completion().encode().ljust(size)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (padded(MAX_ANSWER_BYTES + 1), {}),
        (gzip.compress(padded(MAX_ANSWER_BYTES + 1)), PACKED),
        (gzip.compress(bytes(64 * 2**20)), PACKED),
        (zlib.compress(bytes(64 * 2**20)), {"Content-Encoding": "deflate"}),
    ],
    ids=["plain", "packed", "bomb", "deflated"],
)
def test_a_larger_answer_is_not_read(
    server: OpenAIServer, ask: Ask, body: bytes, headers: dict[str, str], status: int
) -> None:
    server.script = [Step(body, status, headers=headers)]
    with pytest.raises(CallFailed, match="^the endpoint's answer is larger than 4 MiB$"):
        ask(client(server, attempts=1), REQUEST)


def test_a_body_that_unpacks_to_nothing_ends(server: OpenAIServer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_size, "MAX_ANSWER_BYTES", 1000)
    stored_block_of_nothing = b"\x00\x00\x00\xff\xff"
    body = gzip.compress(b"")[:10] + 1000 * stored_block_of_nothing
    server.script = [Step(body, headers=PACKED)]
    with pytest.raises(CallFailed, match="larger than"):
        ask(client(server, attempts=1), REQUEST)


@pytest.mark.parametrize("pack", [lambda body: (body, {}), lambda body: (gzip.compress(body), PACKED)])
def test_the_largest_is_read_as_ever(server: OpenAIServer, ask: Ask, pack: object) -> None:
    assert callable(pack)
    body, headers = pack(padded(MAX_ANSWER_BYTES))
    server.script = [Step(body, headers=headers)]
    assert ask(client(server), REQUEST).text == ANSWER


@pytest.mark.parametrize("letters", ["caf\u00e9", "\u8c46\u5305".encode().decode("latin-1"), "\u0080"])
def test_a_header_may_have_letters_of_any_writing(server: OpenAIServer, ask: Ask, letters: str) -> None:
    server.script = [Step(completion(), headers={"X-Model": letters})]
    assert ask(client(server), REQUEST).text == ANSWER


def test_a_list_of_models_is_limited_too(server: OpenAIServer) -> None:
    server.models = [f"{number:0>1000}" for number in range(5000)]
    with pytest.raises(CallFailed, match="larger than 4 MiB"):
        client(server).listed_models()
    server.models = ["small-vl"]
    assert client(server).listed_models() == {"small-vl"}
