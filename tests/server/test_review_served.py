"""A person in the loop on LangGraph's development server, as Agent Inbox does it: the thread shows the interrupt."""

from typing import Any

import pytest

from tests.server.served import ALWAYS, TEXT

pytestmark = pytest.mark.slow

REVIEWED = ALWAYS | {"mode": "off", "review": ["unavailable"], "span_threshold": 1.0}


def edit(value: Any) -> dict[str, Any]:
    return {"type": "edit", "args": {"action": "review type", "args": {"value": value}}, "by": "Kim"}


async def test_a_thread_waits_for_a_person_and_goes_on(client: Any) -> None:
    thread = (await client.threads.create())["thread_id"]
    first = await client.runs.wait(thread, "unco", input={"text": TEXT}, context=REVIEWED)
    state = await client.threads.get_state(thread)
    [shown] = state["tasks"][0]["interrupts"]
    assert shown["value"] == first["__interrupt__"][0]["value"]
    assert [request["action_request"]["args"]["attribute"] for request in shown["value"]] == ["type"] * 3
    [waiting] = await client.threads.search(status="interrupted", ids=[thread])
    assert waiting["thread_id"] == thread
    answers = [{"type": "accept", "args": None}, edit("ANIMAL"), {"type": "ignore", "args": None}]
    again = await client.runs.wait(thread, "unco", command={"resume": answers})
    [request] = again["__interrupt__"][0]["value"]
    assert "'ANIMAL' is no type" in request["description"]
    last = await client.runs.wait(thread, "unco", command={"resume": [edit("ORG")]})
    notes = [entity["corrections"][1] for entity in last["entities"]]
    assert [note["outcome"] for note in notes] == ["reviewed", "reviewed", "unavailable"]
    assert (last["entities"][1]["type"], notes[1]["by"], bool(notes[1]["at"])) == ("ORG", "Kim", True)
    assert (await client.threads.get(thread))["status"] == "idle"


async def test_a_stream_shows_the_interrupt(client: Any) -> None:
    thread = (await client.threads.create())["thread_id"]
    parts = [
        part.data
        async for part in client.runs.stream(
            thread, "unco", input={"text": TEXT}, context=REVIEWED, stream_mode=["updates"]
        )
        if part.event == "updates"
    ]
    assert len(parts[-1]["__interrupt__"][0]["value"]) == 3
