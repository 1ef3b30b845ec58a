"""The checkpointer of Postgres, against a server that the test starts: what is promised of SQLite holds there too."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.types import Command

from tests.graph.test_persistence import SCRIPT, TEXT, THREAD, Killed, graph_with, killed_at
from tests.graph.test_review import EVERYTHING, WRONG, post, requests_in
from tests.graph.test_review import graph_with as graph_to_review
from tests.scripted import ScriptedLlm, drawing, outcome

PROGRAMS = {name: shutil.which(name) for name in ("initdb", "pg_ctl", "postgres")}

__all__ = ["post"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(None in PROGRAMS.values(), reason="Postgres is not installed: initdb, pg_ctl and postgres"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server on a socket of its own; as a user without rights, since Postgres refuses to run as root."""
    pytest.importorskip("langgraph.checkpoint.postgres", reason="the extra `postgres` is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path may have 107 characters at most
    user: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
        user = {"user": "nobody", "cwd": folder}

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS[program]), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)

    try:
        run("initdb", "-U", "unco", "-A", "trust", "--no-sync")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -h ''", "start")
        yield f"host={folder} user=unco dbname=postgres"
        run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(server: str) -> str:
    """A database of the test's own."""
    import psycopg

    name = f"runs_{os.urandom(4).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("dbname=postgres", f"dbname={name}")


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
