"""The checkpointer of Postgres, against a server that the test starts: what is promised of SQLite holds there too."""

from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from tests.graph.test_persistence import SCRIPT, TEXT, THREAD, Killed, graph_with, killed_at
from tests.graph.test_review import EVERYTHING, WRONG, post, requests_in
from tests.graph.test_review import graph_with as graph_to_review
from tests.postgres import NEEDS_POSTGRES, database, postgres
from tests.scripted import ScriptedLlm, drawing, outcome

__all__ = ["database", "post", "postgres"]

pytestmark = NEEDS_POSTGRES


def test_a_run_that_was_killed_goes_on(database: str, tmp_path: Path) -> None:
    from langgraph.checkpoint.postgres import PostgresSaver

    picture = {"text": TEXT, "image": drawing(tmp_path)}
    expected = graph_with(None, ScriptedLlm(SCRIPT)).invoke(picture)
    with PostgresSaver.from_conn_string(database) as saver:
        saver.setup()
        with pytest.raises(Killed):
            graph_with(saver, killed_at("region", "Ann Lee")).invoke(picture, THREAD)
    again = ScriptedLlm(SCRIPT)
    with PostgresSaver.from_conn_string(database) as saver:
        assert graph_with(saver, again).invoke(None, THREAD) == expected
    assert set(again.keys) - {("type", "Blue Owls")} == {("region", "Ann Lee")}


async def test_a_review_goes_on_in_another_process_awaited(database: str, post: dict[str, Any]) -> None:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    async with AsyncPostgresSaver.from_conn_string(database) as saver:
        await saver.setup()
        assert len(requests_in(await graph_to_review(saver).ainvoke(post, THREAD, context=EVERYTHING))) == 3
    llm = ScriptedLlm(WRONG)
    async with AsyncPostgresSaver.from_conn_string(database) as saver:
        result = await graph_to_review(saver, llm).ainvoke(Command(resume=[{"type": "accept"}] * 3), THREAD)
    assert set(outcome(result).values()) == {"reviewed"}
    assert llm.keys == []


@pytest.mark.parametrize("text", ["Ann \N{PILE OF POO} Lee", "Ann \\u0000 Lee"])
def test_odd_characters_are_kept(database: str, text: str) -> None:
    from langgraph.checkpoint.postgres import PostgresSaver

    expected = graph_with(None, ScriptedLlm(SCRIPT)).invoke({"text": text, "id": text})
    with PostgresSaver.from_conn_string(database) as saver:
        saver.setup()
        graph = graph_with(saver, ScriptedLlm(SCRIPT))
        assert graph.invoke({"text": text, "id": text}, THREAD) == expected
        assert graph.get_state(THREAD).values["id"] == text
