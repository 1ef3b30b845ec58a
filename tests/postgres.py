"""A Postgres server that a test starts, and a database of each test's own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = {name: shutil.which(name) for name in ("initdb", "pg_ctl", "postgres")}
NEEDS_POSTGRES = [
    pytest.mark.slow,
    pytest.mark.skipif(None in PROGRAMS.values(), reason="Postgres is not installed: initdb, pg_ctl and postgres"),
]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
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
def database(postgres: str) -> str:
    """Connection string of a database of the test's own."""
    import psycopg

    name = f"runs_{os.urandom(4).hex()}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.replace("dbname=postgres", f"dbname={name}")
