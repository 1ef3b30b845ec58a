"""Scripted small model and MLLM: both answer what a test wrote down."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from PIL import Image

from tests.tiny import extraction
from unco.context import Mode
from unco.errors import Unavailable
from unco.graph import PostGraph, build_graph
from unco.prompts.answer_place import place_of_value
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply, Request
from unco.tools.pictures.view import view_picture
from unco.types import Box, Extraction, PictureInfo, Post, Span, Uncertainty

MODEL = "authored-test"
"""Its answers are written by hand, and its box frame is pixels."""

Answer = str | Exception | Sequence[str | Exception]
"""A reply's text, what a call raises, or several of them for one question after another."""


def spoken(**fields: Any) -> str:
    """Write an answer as a model would."""
    return json.dumps({"reasoning_process": "By hand."} | fields, ensure_ascii=False)


def span(words: str) -> str:
    return spoken(corrected_entity=words)


def kind(name: str) -> str:
    return spoken(corrected_type=name)


def region(*corners: float) -> str:
    """Write a region answer: four numbers, or none for "not in the picture"."""
    return spoken(corrected_bounding_box=list(corners) or None)


def found(*entities: tuple[str, str, Any]) -> str:
    """Write an answer with entities that the MLLM finds by itself: words, type, and a box or None."""
    keys = ("entity", "type", "bounding_box")
    return spoken(entities=[dict(zip(keys, entity, strict=True)) for entity in entities])


@dataclass(frozen=True)
class Asked:
    """One question, as a test looks at it."""

    attribute: str
    """Or another name of a prompt: one_shot, generate, recall."""
    entity: str
    """Its words; empty in a question about a whole post."""
    request: Request

    @property
    def key(self) -> tuple[str, str]:
        return self.attribute, self.entity


class ScriptedLlm(Mllm):
    """An MLLM that answers by attribute and entity; what is not in the script it keeps as it is."""

    def __init__(self, script: Mapping[tuple[str, str], Answer] | None = None, **settings: Any) -> None:
        super().__init__("http://127.0.0.1:1/v1", MODEL, **settings)
        self.script: dict[tuple[str, str], Answer] = dict(script or {})
        self.asked: list[Asked] = []
        self.sure: dict[tuple[str, str], float] = {}
        """By attribute and entity: how probable the answer's value is, where the question wants to know."""
        self.delay: Callable[[Asked], float] = lambda asked: 0.0
        self.peak = 0
        """Most questions that were under way at once."""
        self._under_way = 0
        self._guard = threading.Lock()

    def ask(self, request: Request, mode: Mode) -> Reply:
        with self._counted(request, mode) as asked:
            time.sleep(self.delay(asked))
            return self._reply(asked)

    async def aask(self, request: Request, mode: Mode) -> Reply:
        with self._counted(request, mode) as asked:
            await asyncio.sleep(self.delay(asked))
            return self._reply(asked)

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(attribute, entity) of each question, in order."""
        return [asked.key for asked in self.asked]

    @contextmanager
    def _counted(self, request: Request, mode: Mode) -> Iterator[Asked]:
        if mode == "off":
            raise Unavailable("calls are off", "off")
        words = re.search(r"<entity>(.*?)</entity>", request.user)
        asked = Asked(request.prompt.split("/")[0], words[1] if words else "", request)
        with self._guard:
            self.asked.append(asked)
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
        try:
            yield asked
        finally:
            with self._guard:
                self._under_way -= 1

    def _reply(self, asked: Asked) -> Reply:
        answer = self.script.get(asked.key) or _unchanged(asked)
        if not isinstance(answer, str | Exception):
            answer = answer[sum(before.key == asked.key for before in self.asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        logs = _logs(answer, asked, self.sure) if asked.request.token_probabilities else ()
        return Reply(
            text=answer, finish_reason="stop", model=MODEL, input_tokens=11, output_tokens=7, log_probabilities=logs
        )


def _logs(answer: str, asked: Asked, sure: Mapping[tuple[str, str], float]) -> tuple[tuple[int, float], ...]:
    """Write three tokens: up to the value, the value, and the rest."""
    if asked.key not in sure:
        return ()
    attribute = "region" if asked.attribute == "close_up" else asked.attribute
    place = place_of_value(answer, attribute)  # type: ignore[arg-type]  # scripts have the attributes' names
    if place is None:
        return ()
    return (place[0], 0.0), (place[1], log(sure[asked.key])), (len(answer), 0.0)


def quoted(pattern: str, prompt: str) -> str:
    """Find a pattern in a prompt, which must be there, and return its group."""
    match = re.search(pattern, prompt)
    assert match is not None
    return match[1]


def _unchanged(asked: Asked) -> str:
    """Write the answer that keeps everything as it is."""
    if asked.attribute == "span":
        return span(asked.entity)
    if asked.attribute == "type":
        return kind(quoted(r"Type as given: (.*)", asked.request.user))
    if asked.attribute == "second_opinion":
        return spoken(chosen="first")
    if asked.attribute == "recall":
        return spoken(entities=[])
    return f'{{"corrected_bounding_box": {quoted(r"picture[)]: (.*)", asked.request.user)}}}'


SURE, UNSURE = 0.1, 0.9


def doubt(attributes: str = "") -> Uncertainty:
    """Build uncertainties: unsure of the named attributes, sure of the others."""
    return Uncertainty(**{name: UNSURE if name in attributes else SURE for name in ("span", "type", "region")})


TOKENS = ("Ann", "Lee", "plays", "for", "the", "Blue", "Owls", "of", "Ann", "Arbor")
ANN, OWLS, ARBOR = Span(0, 1), Span(5, 7), Span(8, 9)
"""Three entities of it, the first and the last with the same words."""
FACE = Box(10, 10, 60, 90)


def says(
    *entities: tuple[Span, str, Box | None, Uncertainty],
    tokens: tuple[str, ...] = TOKENS,
    picture: PictureInfo | None = None,
) -> Extractor:
    """Build a small model that extracts the same from every post, and looks at a picture if there is one."""
    checked = extraction(tokens, entities, picture=picture)

    def extractor(post: Post) -> Extraction:
        info = view_picture(post.image).info if post.image else picture
        return extraction(tokens, entities, picture=info)

    assert len(checked.entities) == len(entities)
    return extractor


def graph_of(extractor: Extractor, llm: Mllm) -> PostGraph:
    return build_graph(small_model_tool(extractor), llm)


def drawing(folder: Path, size: tuple[int, int] = (200, 100)) -> str:
    """Draw a small white picture; return the path."""
    path = folder / "drawing.png"
    Image.new("RGB", size, "white").save(path)
    return str(path)


def outcome(result: dict[str, Any], index: int = 0) -> dict[str, str]:
    """Return the outcome of each attribute of an entity."""
    return {note["attribute"]: note["outcome"] for note in result["entities"][index]["corrections"]}


def account(result: dict[str, Any], attribute: str, index: int = 0) -> dict[str, Any]:
    """Return the correction of one attribute."""
    return next(note for note in result["entities"][index]["corrections"] if note["attribute"] == attribute)


EVIL = (
    "\x1b[31mAnn\x1b[0m",
    "\x1b]0;title\x07",
    "[bold]Lee[/bold]",
    "[/]",
    "\x9b2J",
    ":smile:",
    "[link=http://x]y",
    "\r",
)
"""Words that would work a terminal, or our markup, if they were not shown as text."""
