"""A small run with everything a report shows: right, wrong, changed, harmed, failed; and hostile words."""

from dataclasses import replace
from pathlib import Path

from tests.scripted import (
    ANN,
    ARBOR,
    FACE,
    OWLS,
    TOKENS,
    ScriptedLlm,
    doubt,
    drawing,
    graph_of,
    kind,
    region,
    says,
)
from unco.state import RESULT, read_result
from unco.types import GoldEntity, GoldPost, Result, Span

EVIL = "</script><img src=x onerror='window.hit=1'><script>window.hit=1</script>"
TEXT = " ".join(TOKENS)


def made_results(folder: Path, posts: int = 3) -> list[Result]:
    """Ann's type is put right, the Owls' region is harmed, no answer about Arbor's words can be read."""
    script = {("type", "Ann"): kind("PER"), ("region", "Blue Owls"): region(5, 5, 20, 20), ("span", "Ann"): "?"}
    small_model = says(
        (ANN, "ORG", FACE, doubt("type")), (OWLS, "ORG", None, doubt("region")), (ARBOR, "LOC", None, doubt("span"))
    )
    result = read_result(
        graph_of(small_model, ScriptedLlm(script)).invoke({"text": TEXT, "image": drawing(folder), "id": "0"})
    )
    return [replace(result, id=str(number)) for number in range(posts)]


def gold_of(results: list[Result]) -> list[GoldPost]:
    entities = (GoldEntity(ANN, "PER", (FACE,)), GoldEntity(OWLS, "ORG", ()), GoldEntity(Span(8, 10), "LOC", ()))
    return [GoldPost(str(result.id), result.tokens, entities, size_of(result)) for result in results]


def size_of(result: Result) -> tuple[int, int]:
    assert result.seen_picture is not None
    return result.seen_picture.width, result.seen_picture.height


def hostile(result: Result) -> Result:
    """The same with markup wherever a stranger's words stand."""
    entities = tuple(
        replace(
            entity,
            type=EVIL,
            text=EVIL,
            corrections=tuple(replace(note, reasoning=EVIL, detail=EVIL, model=EVIL) for note in entity.corrections),
        )
        for entity in result.entities
    )
    tokens = (EVIL, *result.tokens[1:])
    return replace(result, text=EVIL, tokens=tokens, entities=entities, id=EVIL, model=EVIL, warnings=(EVIL,))


def write_run(results: list[Result], path: Path) -> Path:
    path.write_bytes(b"".join(RESULT.dump_json(result) + b"\n" for result in results))
    return path
