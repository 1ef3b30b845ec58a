"""The run's file, `<output>.run.json`: the settings of a run, and what it has spent.

What is spent is written in its place with each call that is reserved and paid for, so that a kill leaves it whole. What
is reserved counts as spent: calls that were under way when a run was killed may have been paid for.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unco.errors import SettingsError, SetupError
from unco.tools.llm.budget import Spent

Settings = dict[str, Any]

_SPENT = "spent"


@dataclass(frozen=True, slots=True)
class RunFile:
    """A run's file. It may be handed to another process, which then writes it in place of this one."""

    path: Path
    settings: Settings

    def begin(self, spent: Spent) -> None:
        """Write the file of a run that begins or goes on, unless it says the same already.

        Raises:
            SetupError: it cannot be written.
        """
        content = self._head() + _record(spent.calls, spent.usd)
        copy = self.path.with_name(self.path.name + ".new")
        with self._write_errors():
            if not self.path.exists() or self.path.read_bytes() != content:
                copy.write_bytes(content)
                os.replace(copy, self.path)

    def note(self, calls: int, usd: float) -> None:
        """Write down the calls and US dollars that are spent or reserved; raises as `begin`, and needs it before."""
        with self._write_errors():
            file = os.open(self.path, os.O_WRONLY)
            try:
                os.lseek(file, len(self._head()), os.SEEK_SET)
                os.write(file, _record(calls, usd))
            finally:
                os.close(file)

    def _head(self) -> bytes:
        """Write the settings, as JSON that goes on."""
        members = json.dumps(self.settings, indent=1).removesuffix("}").rstrip()
        return f"{members}{',' if self.settings else ''}\n".encode()

    @contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SetupError(
                f"{self.path} cannot be written: {error.strerror or error}: make room, then go on with --resume"
            ) from error

    def spent(self) -> Spent:
        """Return what was spent before; nothing where there is no file, or one of an earlier version.

        Raises:
            SettingsError: it cannot be read.
        """
        if not self.path.exists():
            return Spent()
        match self._read().get(_SPENT, {}):
            case {"calls": int(calls), "usd": int() | float() as usd} if calls >= 0 and usd >= 0:
                return Spent(calls=calls, usd=float(usd))
            case {**others} if not others:
                return Spent()
        raise SettingsError(f"{self.path} does not say what was spent: mend its `{_SPENT}`, or take it out")

    def check(self, retry: bool = False) -> None:
        """Refuse to go on with another run.

        Args:
            retry: posts that nobody was asked about are run again, so a run without an MLLM may get one.

        Raises:
            SettingsError: it cannot be read, or the settings differ.
        """
        before = {name: value for name, value in self._read().items() if name != _SPENT}
        names = [*self.settings, *(name for name in before if name not in self.settings)]
        differing = [name for name in names if before.get(name) != self.settings.get(name)]
        if retry and _was_off(before):
            differing = [name for name in differing if not self._only_mode_differs(name, before)]
        if differing:
            named = "; ".join(f"{name} was {before.get(name)!r}, is {self.settings.get(name)!r}" for name in differing)
            raise SettingsError(
                f"--resume: the settings differ from those of the run in {self.path} ({named}):"
                " use the same ones, or name another file of results"
            )

    def _only_mode_differs(self, name: str, before: Settings) -> bool:
        if name != "context":
            return name == "mllm"
        one, other = (dict(settings.get("context") or {}) for settings in (before, self.settings))
        return {**one, "mode": None, "model": None} == {**other, "mode": None, "model": None}

    def _read(self) -> Settings:
        try:
            return dict(json.loads(self.path.read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise SettingsError(
                f"{self.path} cannot be read, so it is not known what run to go on with: {error}"
            ) from error


def _record(calls: int, usd: float) -> bytes:
    """Write the end of the file, always as long, so that one takes the place of another."""
    return f' "{_SPENT}": {{"calls": {calls:12}, "usd": {usd:20.9f}}}\n}}\n'.encode()


def run_file_of(out: Path, settings: Settings) -> RunFile:
    """Return the run's file of an output."""
    return RunFile(out.resolve().with_name(out.name + ".run.json"), settings)


def _was_off(before: Settings) -> bool:
    """Tell whether a run asked nobody."""
    context = before.get("context")
    return before.get("mllm") is None or (isinstance(context, dict) and context.get("mode") == "off")
