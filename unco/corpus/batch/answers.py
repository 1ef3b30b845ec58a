"""Imports the answers of a batch into the cache, where `unco run` and the next export find them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from unco.corpus.batch.question_files import read_questions
from unco.corpus.formats.opened import opened
from unco.errors import DataError, SetupError
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import cached_reply, is_complete, store_reply
from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.prices import Prices, cost_usd
from unco.tools.llm.request import Reply

BATCH_PRICE = 0.5
"""Price of an answer of a batch, as a share of the usual price: OpenAI's discount."""

MAX_LINE_BYTES = 2**24
"""Length of a line; a longer one is no answer to a question of unco."""


@dataclass(slots=True)
class Imported:
    """Counts of an import."""

    kept: int = 0
    known: int = 0
    """Answers that the cache had already."""
    failed: Counter[str] = field(default_factory=Counter)
    """Why a question has no answer -> how often."""
    foreign: int = 0
    """Answers to questions that are not in the folder."""
    usd: float = 0.0
    unpriced: int = 0
    """Answers of unknown cost."""


def import_answers(folder: Path, answers: Iterable[Path], cache: Cache, prices: Prices) -> Imported:
    """Put the answers to the questions of a folder into the cache. Doing it twice does no harm.

    Args:
        folder: of `unco batch export`; an answer to anything else is not kept.
        answers: the provider's files, of outputs and of errors.
        cache: where they go.
        prices: what they cost.

    Raises:
        DataError: a file cannot be read, or a line is none of a Batch API; what came before it is kept.
        SetupError: the cache cannot be opened, or is full or locked; what came before is kept.
    """
    asked, found = read_questions(folder), Imported()
    if not asked:
        raise DataError(f"{folder} holds no questions: name the folder of `unco batch export`")
    for path in answers:
        for where, line in _lines(path):
            _import(line, where, asked, cache, prices, found)
    return found


def _import(line: Any, where: str, asked: Mapping[str, str], cache: Cache, prices: Prices, found: Imported) -> None:
    if not isinstance(line, dict) or not isinstance(key := line.get("custom_id"), str):
        raise DataError(f'{where}: not a line of a Batch API: {{"custom_id": ..., "response": ..., "error": ...}}')
    if key not in asked:
        found.foreign += 1
        return
    if cached_reply(cache, key):
        found.known += 1
        return
    reply = _reply(line)
    if isinstance(reply, str):
        found.failed[reply] += 1
        return
    usual = cost_usd(prices.of(asked[key]), reply.input_tokens, reply.output_tokens, reply.provider_cached_tokens)
    reply = replace(reply, cost=None if usual is None else usual * BATCH_PRICE)
    found.usd += reply.cost or 0.0
    found.unpriced += reply.cost is None
    if not is_complete(reply):
        found.failed["an empty answer" if not reply.text else "an answer that was cut off"] += 1
        return
    if not store_reply(cache, key, reply):
        raise SetupError(f"the cache in {cache.directory} did not keep the answer at {where}: make room, import again")
    found.kept += 1


def _reply(line: dict[str, Any]) -> Reply | str:
    """Read the reply, or return why there is none."""
    response, error = line.get("response"), line.get("error")
    if isinstance(error, dict):
        return f"error {error.get('code') or error.get('message') or 'without a name'}"
    if not isinstance(response, dict):
        return "neither an answer nor an error"
    if response.get("status_code") != 200:
        return f"status {response.get('status_code')}"
    try:
        return reply_from_body(response.get("body"))
    except ValueError:
        return "an answer that is not a chat completion"


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield each line with its path and number."""
    try:
        with opened(path) as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                if line.strip():
                    yield f"{path}:{number}", json.loads(line)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}:{number}: not JSON: {' '.join(str(error).split())}") from error
