"""A client of LangGraph's development server: form, drawing, runs, streams, threads, many at once, cancellation."""

import asyncio
import time
from typing import Any

import pytest

from tests.server.served import ALWAYS, TEXT

pytestmark = pytest.mark.slow


async def test_the_form_has_titles_and_descriptions(client: Any) -> None:
    [assistant] = await client.assistants.search(graph_id="unco")
    schemas = await client.assistants.get_schemas(assistant["assistant_id"])
    fields = schemas["input_schema"]["properties"]
    assert fields.keys() == {"text", "image", "regions", "caption", "extraction", "id", "private"}
    assert all(field["title"] and field["description"] for field in fields.values())
    assert schemas["input_schema"]["required"] == ["text"]
    choices = schemas["context_schema"]["properties"]
    assert {"mode", "span_threshold", "type_prompt", "post_calls"} <= choices.keys()
    assert all(choice["description"] for choice in choices.values())


async def test_the_drawing_opens_the_entity_graph(client: Any) -> None:
    [assistant] = await client.assistants.search(graph_id="unco")
    graph = await client.assistants.get_graph(assistant["assistant_id"], xray=True)
    names = {node["id"] for node in graph["nodes"]}
    assert {f"correct_entity:correct_{name}" for name in ("span", "type", "region")} <= names
    edges = {(edge["source"], edge["target"]) for edge in graph["edges"] if edge.get("conditional")}
    assert ("correct_entity:correct_span", "correct_entity:correct_region") in edges


async def test_a_run_without_a_thread(client: Any) -> None:
    result = await client.runs.wait(None, "unco", input={"text": TEXT, "id": "post 1"}, context={"mode": "off"})
    assert result["id"] == "post 1"
    assert [entity["text"] for entity in result["entities"]] == ["Eileen Collins", "Space Shuttle", "NASA"]
    assert result["usage"]["calls"] == 0


def told(event: str, data: dict[str, Any]) -> list[str]:
    """What a person reads of an update: which entity, which corrector, before -> after."""
    notes = [(update["entity"], update["entity"]["corrections"][-1]) for update in data.values() if "entity" in update]
    return [f"{entity['index']} {note['attribute']}: {note['before']} -> {note['after']}" for entity, note in notes]


async def test_a_stream_can_be_followed(client: Any) -> None:
    lines: list[str] = []
    nodes: list[str] = []
    result: dict[str, Any] = {}
    async for part in client.runs.stream(
        None, "unco", input={"text": TEXT}, context=ALWAYS, stream_mode=["updates"], stream_subgraphs=True
    ):
        if not part.event.startswith("updates"):
            continue
        nodes += list(part.data)
        if part.event.startswith("updates|correct_entity:"):
            lines += told(part.event, part.data)
        result = part.data.get("collect", result)
    assert (nodes[0], nodes[-1]) == ("extract", "collect")
    assert "1 type: OTHER -> ORG" in lines
    for index in range(3):
        assert [line.split()[1] for line in lines if line.startswith(f"{index} ")] == ["span:", "type:", "region:"]
    assert [entity["type"] for entity in result["entities"]] == ["PER", "ORG", "ORG"]
    assert all(note["model"].startswith("simulated-") for note in result["entities"][1]["corrections"][:2])


async def test_a_thread_that_is_used_again_repeats_nothing(client: Any) -> None:
    thread = await client.threads.create()
    first, second, other = [
        await client.runs.wait(thread["thread_id"], "unco", input={"text": text}, context={"mode": "off"})
        for text in (TEXT, TEXT, "Grace Hopper joined the US Navy")
    ]
    assert first == second
    assert "Eileen Collins" not in [entity["text"] for entity in other["entities"]]
    assert other["text"].startswith("Grace")
    state = await client.threads.get_state(thread["thread_id"])
    assert state["values"]["entities"] == other["entities"]


async def test_twenty_runs_at_once(client: Any) -> None:
    start = time.monotonic()
    results = await asyncio.gather(
        *(
            client.runs.wait(None, "unco", input={"text": TEXT, "id": str(number)}, context=ALWAYS)
            for number in range(20)
        )
    )
    assert [result["id"] for result in results] == [str(number) for number in range(20)]
    outcomes = {
        note["outcome"] for result in results for entity in result["entities"] for note in entity["corrections"]
    }
    assert outcomes == {"kept", "changed", "unavailable"}  # without a picture nobody is asked about the region
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_run_can_be_cancelled(action: str, client: Any) -> None:
    thread = await client.threads.create()
    text = f"{TEXT} , says {action}"  # asked for the first time, so that it takes its time
    run = await client.runs.create(thread["thread_id"], "unco", input={"text": text}, context=ALWAYS)
    while (await client.runs.get(thread["thread_id"], run["run_id"]))["status"] == "pending":
        await asyncio.sleep(0.02)
    await client.runs.cancel(thread["thread_id"], run["run_id"], wait=True, action=action)
    left = await client.runs.list(thread["thread_id"])
    assert [one["status"] for one in left] == {"interrupt": ["interrupted"], "rollback": []}[action]
    after = await client.runs.wait(thread["thread_id"], "unco", input={"text": TEXT}, context={"mode": "off"})
    assert len(after["entities"]) == 3


@pytest.mark.parametrize("headers", [{}, {"x-auth-scheme": "langsmith"}])  # the latter is Studio's
async def test_what_would_outlast_a_client_is_refused(client: Any, headers: dict[str, str]) -> None:
    from langgraph_sdk.errors import APIStatusError

    [assistant] = await client.assistants.search(graph_id="unco", headers=headers)
    name = assistant["assistant_id"]
    others = {"span_threshold": -1.0}
    for attempt in (
        client.assistants.create("unco", context=others, headers=headers),
        client.assistants.update(name, context=others, headers=headers),
        client.assistants.set_latest(name, 1, headers=headers),
        client.assistants.delete(name, headers=headers),
        client.crons.create("unco", schedule="* * * * *", input={"text": TEXT}, headers=headers),
    ):
        with pytest.raises(APIStatusError) as refused:
            await attempt
        assert refused.value.status_code == 403
    assert await client.assistants.get(name, headers=headers) == assistant
