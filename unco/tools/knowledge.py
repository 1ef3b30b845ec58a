"""Facts about names, in one SQLite file of the user's own: built once, then looked up by an entity's words.

Built by `unco kb build`. Full-text search (FTS5) over names and aliases; nothing leaves the machine.
"""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from unicodedata import combining, normalize

from unco.context import Mode
from unco.environment import environment
from unco.errors import DataError, SettingsError, SetupError
from unco.tools.blocking import in_thread
from unco.tools.search.search import MAX_FACT_CHARS, MAX_FACTS, Findings, Query

_MAX_WORDS = 12
"""Words of a name that are searched for."""

_MAX_ROWS = 50
"""Rows of the file that are looked at for a name."""


class Knowledge:
    """A file of facts, opened for reading only; safe for threads, for each look-up opens it anew."""

    def __init__(self, path: Path | str) -> None:
        """Remember the path; nothing is opened yet."""
        self.path = Path(path)

    def check(self, mode: Mode = "off") -> None:
        """Refuse a file that is not there, in every mode.

        Raises:
            SettingsError: there is no such file.
        """
        if not self.path.is_file():
            raise SettingsError(f"UNCO_KB names {str(self.path)!r}, which is no file: make it with `unco kb build`")

    @classmethod
    def from_env(cls) -> "Knowledge | None":
        """Return the file that `UNCO_KB` names; None where it is not set."""
        path = environment().kb
        return cls(path) if path else None

    async def search(self, query: Query) -> Findings:
        """Look up the words of an entity; raises as `look_up`."""
        return Findings(await in_thread(self.look_up, query.words))

    def look_up(self, name: str) -> tuple[str, ...]:
        """Find up to three facts whose name or alias holds every word of a name, the best match first.

        Raises:
            SetupError: the file is not one that `unco kb build` made.
        """
        if not (words := _query(name)):
            return ()
        statement = "SELECT name, aliases, description FROM facts WHERE facts MATCH ? ORDER BY rank, rowid LIMIT ?"
        try:
            with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as base:
                rows = base.execute(statement, (words, _MAX_ROWS)).fetchall()
            if not all(isinstance(value, str) for row in rows for value in row):
                raise ValueError("a fact in it is not text")
        except (sqlite3.Error, ValueError) as error:
            raise SetupError(f"{self.path} cannot be searched: {error}; make it with `unco kb build`") from error
        wanted = _words(name)
        fitting = [  # the query finds words in the name and aliases together; one of them must hold them all
            f"{found}: {description}"[:MAX_FACT_CHARS]
            for found, aliases, description in rows
            if any(wanted <= _words(alias) for alias in (found, *aliases.split("\n")))
        ]
        return tuple(fitting[:MAX_FACTS])


def build_knowledge(source: Path, target: Path) -> int:
    """Write a file of facts from JSONL, each line {"name": ..., "description": ..., "aliases": [...]}.

    Args:
        source: the lines; aliases may be missing.
        target: what is written; a file that is there already is replaced once the new one is whole.

    Returns:
        Number of facts.

    Raises:
        DataError: a line is not a fact, or a file cannot be read or written.
    """
    if os.path.realpath(source) == os.path.realpath(target):
        raise DataError(f"{source} would be written over: give another file with --out")
    draft = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft)) as base:
            base.execute("CREATE VIRTUAL TABLE facts USING fts5(name, aliases, description UNINDEXED)")
            base.executemany("INSERT INTO facts VALUES (?, ?, ?)", _facts(source))
            (count,) = base.execute("SELECT count(*) FROM facts").fetchone()
            base.commit()
        draft.replace(target)
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        raise DataError(f"{source} cannot be made into {target}: {error}") from error
    finally:
        with suppress(OSError):  # where nothing can be written there is no draft
            draft.unlink(missing_ok=True)
    return int(count)


def _facts(source: Path) -> Iterator[tuple[str, str, str]]:
    with source.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _fact(line, f"{source}:{number}")


def _fact(line: str, where: str) -> tuple[str, str, str]:
    try:
        fact = json.loads(line)
        others = fact.get("aliases", [])
        if not isinstance(others, list):
            raise TypeError
        texts = [fact["name"], fact["description"], *others]
        json.dumps(texts, ensure_ascii=False).encode()  # half a character has no place in a file
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f'{where}: a fact is {{"name": ..., "description": ..., "aliases": [...]}}') from error
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise DataError(f"{where}: name, description and each alias must be text")
    name, description, *aliases = (normalize("NFC", " ".join(text.split())) for text in texts)
    return name, "\n".join(aliases), description


def _query(name: str) -> str:
    """Build a query that is valid for any text: its words, each quoted, all wanted, in the name or the aliases."""
    words = re.findall(r"\w+", normalize("NFC", name.encode("utf-8", "ignore").decode()))[:_MAX_WORDS]
    return "{name aliases} : (" + " AND ".join(f'"{word}"' for word in words) + ")" if words else ""


def _words(text: str) -> frozenset[str]:
    """Return the words of a name without case and accents, as the file's index folds them."""
    bare = "".join(char for char in normalize("NFD", text) if not combining(char))
    return frozenset(re.findall(r"\w+", bare.casefold())[:_MAX_WORDS])
