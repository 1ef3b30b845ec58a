"""The `app` that every file of commands adds to, the `unco` entry point, and its exit codes."""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from unco.errors import InputError, SettingsError, SetupError, UncoError, shorten

OLD_NAMES = {"data": "gold", "runs": "training-runs"}
"""Names of commands and options that still work and are shown nowhere, and what they are called now."""


_WORDS = ("--text", "--caption")
"""Options that are words of a post, and no path."""


class Stopped(Exception):
    """A person stopped the command; says how to go on, where that is to be said."""


class Commands(TyperGroup):
    """All commands. Ctrl-C is ours to report: what typer makes of it differs from version to version."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        Raises:
            Stopped: by Ctrl-C.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Stopped(*error.args) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"token_normalize_func": lambda name: OLD_NAMES.get(name, name)},
    pretty_exceptions_enable=False,
    help="Grounded multimodal NER: a small model first, a multimodal LLM only where it is unsure.",
)

STOPPED, BAD_INPUT, FAILED = 1, 2, 3
"""Exit codes: a person stopped it; what was handed in cannot be used; the set-up is broken."""


def _print_version(wanted: bool) -> None:
    if wanted:
        from unco import __version__

        sys.stdout.write(f"unco {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command; each acts by itself."""


def missing_extra(error: ImportError) -> str | None:
    """Say in a line what to install; None where the module is of no extra, so that the fault is ours."""
    from unco.doctor.machine import EXTRAS

    module = (error.name or "").partition(".")[0]
    extra = next((extra for extra, (modules, _) in EXTRAS.items() if module in modules), None)
    return extra and f"this command needs the package {module}: pip install 'unco[{extra}]'"


def keep_inputs(out: Path | None, *inputs: Path | str | None) -> None:
    """Refuse to write over what a command reads; a run may have cost a lot.

    Args:
        out: file or folder that is written; None = none.
        inputs: what is read; None and addresses that are no path are passed over.

    Raises:
        SettingsError: one of them is that.
    """
    for path in inputs:
        with suppress(OSError, ValueError):  # what is not there is not lost
            if out is not None and path is not None and os.path.samefile(out, path):
                raise SettingsError(f"{out} is what this command reads: name another file or folder to write")


class Printed(TextIOWrapper):
    """Standard output. A failed write has an error of its own, not to be mistaken for that of another file."""

    def write(self, text: str, /) -> int:
        """Print.

        Raises:
            SetupError: it cannot be written.
            BrokenPipeError: nobody reads it any more.
        """
        with self._errors():
            return super().write(text)

    def flush(self) -> None:
        """As `write`."""
        with self._errors():
            super().flush()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())  # Python tries again at its end
            if isinstance(error, BrokenPipeError):
                raise
            raise SetupError(f"standard output cannot be written: {error.strerror or error}") from error


def main() -> None:
    """Run a command; an error that we raise on purpose is one line on stderr, never a traceback."""
    open_closed_streams()
    atexit.register(gc.freeze)  # else Python ends with a search for garbage in all that it imported: 0.3 s
    for name in ("COLUMNS", "LINES"):
        if os.environ.get(name) == "0":  # of a terminal without a size, in which rich would print nothing
            del os.environ[name]
    if isinstance(out := sys.stdout, TextIOWrapper) and out is sys.__stdout__:
        binary = open(1, "wb", 0 if out.write_through else -1, closefd=False)
        sys.stdout = Printed(binary, out.encoding, None, None, out.line_buffering, out.write_through)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a post's characters
    sys.argv[1:] = map(in_home, sys.argv[1:])
    sys.exit(guarded(app))


def in_home(argument: str) -> str:
    """Return `--out=~/a` with the home folder for ~, which shells leave behind an equals sign: a folder ~ was made."""
    option, equals, value = argument.partition("=")
    is_path = option.startswith("--") and option not in _WORDS and (value == "~" or value.startswith("~/"))
    return f"{option}{equals}{os.path.expanduser(value)}" if is_path and not os.path.exists("~") else argument


def open_closed_streams() -> None:
    """Put a stream in the place of each standard one that is closed.

    Else the next file to be opened would have its number, and what is printed would be written into that file. The new
    input is empty. Writing to the new standard output is an error, as the words would be lost; messages go nowhere.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # the system gives the lowest number that is free
    sys.stdin = sys.stdin or open(0, closefd=False)
    sys.stdout = sys.stdout or Printed(open(1, "wb", closefd=False))
    sys.stderr = sys.stderr or open(2, "w", closefd=False)


def _run_and_flush(command: Callable[[], Any]) -> None:
    try:
        command()
    finally:
        sys.stdout.flush()


def guarded(command: Callable[[], Any]) -> int:
    """Exit code of a command: 0; 1 when it was stopped; 2 when what was handed in cannot be used; 3 as of `FAILED`."""
    try:
        _run_and_flush(command)
    except BrokenPipeError:  # who reads has seen enough
        return STOPPED
    except Stopped as stopped:
        from unco.show import visible

        sys.stderr.write(": ".join(("stopped", *(visible(str(one)) for one in stopped.args))) + "\n")
        return STOPPED
    except UncoError as error:
        from unco.show import visible

        sys.stderr.write(f"error: {visible(shorten(str(error)))}\n")  # it may quote a stranger's words
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    except ImportError as error:
        if (line := missing_extra(error)) is None:
            raise
        sys.stderr.write(f"error: {line}\n")
        return FAILED
    return 0
