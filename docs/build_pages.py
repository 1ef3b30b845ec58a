"""Write the pages that are made from the source: settings, commands, errors. `make pages` does it; a test compares."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from unco import errors
from unco.cli import app
from unco.context import Context
from unco.environment import VARIABLES, Environment
from unco.tools.settings_file import BudgetSettings, ModelSettings, PrivacySettings, SearchSettings

DOCS = Path(__file__).parent

PARTS: dict[str, type[BaseModel]] = {
    "models[]: ": ModelSettings,
    "privacy: ": PrivacySettings,
    "budget: ": BudgetSettings,
    "search: ": SearchSettings,
}
"""Parts of the settings file, by where they stand in it."""

SETTINGS = """\
# All settings

Settings come from three places. The **environment** says which endpoint is asked and what may be opened.
The **context** says how one run works. The **settings file** holds all about calls: see [calls](calls.md). The
options of commands are in [commands](commands.md).

`unco doctor` shows whether your settings work. This page is made from the source code.

## Environment variables

They are read when they are used. So a variable that a notebook sets after `import unco` counts.

| variable | meaning |
| --- | --- |
{variables}

## The context

Give a `Context` to `unco.extract`, to a graph, or to a client of a server:

```python
import unco

context = unco.Context(mode="off", type_threshold=0.2)
print(len(unco.extract("Ann Lee joins NASA", context=context).entities))
```

| field | default | meaning |
| --- | --- | --- |
{context}

## The settings file

The file that `UNCO_SETTINGS` names. An example of each part is in [calls](calls.md).

| setting | default | meaning |
| --- | --- | --- |
{file}
"""

COMMANDS = """\
# All commands

`unco COMMAND --help` shows the same. `unco --version` prints the version. `unco --install-completion` lets your shell
complete commands and options. This page is made from the source code.

A command ends with one of these codes. All but 0 come with one line that says what to do.

| code | meaning |
| --- | --- |
| 0 | it worked |
| 1 | you stopped it; or `unco doctor` and `unco cache verify` found a fault |
| 2 | something that you gave cannot be used |
| 3 | the set-up or the endpoint does not work, or nothing succeeded |

```python
from typer.testing import CliRunner

from unco.cli import app

print(CliRunner().invoke(app, ["extract", "--help"]).exit_code)
```
{commands}"""

ERRORS = """\
# All errors

Each error says what is wrong, where, and what to do. Its class says who has to act. This page is made from the source
code.

```python
import unco
from unco.errors import InputError

try:
    unco.extract("")
except InputError as error:
    print(error)
```

In Python, catch `InputError` for what a caller gave, and `SetupError` for a broken installation. An MLLM that does
not answer raises nothing: the correction says so. See [why was nobody asked](concepts.md#why-was-nobody-asked).

| error | meaning | exit code |
| --- | --- | --- |
{errors}
"""


def pages() -> dict[str, str]:
    """Return each page by the name of its file."""
    return {
        "settings.md": SETTINGS.format(variables=_variables(), context=_context(), file=_file()),
        "commands.md": COMMANDS.format(commands=_commands()),
        "errors.md": ERRORS.format(errors=_errors()),
    }


def cell(text: str | None) -> str:
    """Write text as one cell of a table."""
    return re.sub(r"\s+", " ", text or "").replace("|", "\\|").replace("<", "&lt;").strip()


def _variables() -> str:
    described = {name: field.description for name, field in Environment.model_fields.items()}
    return "\n".join(f"| `{VARIABLES[name]}` | {cell(text)} |" for name, text in described.items())


def _context() -> str:
    about = docstrings(Context)
    rows = [(field.name, field.default, about.get(field.name)) for field in fields(Context)]
    return "\n".join(f"| `{name}` | `{default}` | {cell(text)} |" for name, default, text in rows)


def _file() -> str:
    rows = []
    for place, kind in PARTS.items():
        about = docstrings(kind)
        for name, field in kind.model_fields.items():
            default = "needed" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
            rows.append(f"| `{place}{name}` | {cell(default)} | {cell(about.get(name))} |")
    return "\n".join(rows)


def docstrings(kind: type) -> dict[str, str]:
    """Return the text under each field of a class."""
    return dict(re.findall(r'^    (\w+): [^\n]*\n    """(.*?)"""', inspect.getsource(kind), re.DOTALL | re.MULTILINE))


def _errors() -> str:
    found = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.UncoError)]
    rows = [
        (kind.__name__, kind.__mro__[1].__name__, 2 if issubclass(kind, errors.InputError) else 3) for kind in found
    ]
    about = [cell(kind.__doc__) for kind in found]
    return "\n".join(
        f"| `{name}` | {text} A kind of `{base}`. | {code} |"
        for (name, base, code), text in zip(rows, about, strict=True)
    )


def _commands() -> str:
    return "".join(_section(path, command) for path, command in tree(typer.main.get_command(app)).items())


def tree(command: Any, path: str = "unco") -> dict[str, Any]:
    """Return all commands that are shown, by how they are called, in the order of their names."""
    if not hasattr(command, "commands"):
        return {path: command}
    found: dict[str, Any] = {}
    for name, child in sorted(command.commands.items()):
        if not child.hidden:
            found |= tree(child, f"{path} {name}")
    return found


def options(command: Any) -> dict[str, Any]:
    """Return a command's options that are shown, by their names."""
    shown = [one for one in command.params if one.param_type_name == "option" and not getattr(one, "hidden", False)]
    return {name: one for one in shown for name in (*one.opts, *one.secondary_opts)}


def _section(path: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    rows = [(f"`{one.metavar or one.name.upper()}`", getattr(one, "help", "")) for one in arguments]
    named: dict[int, list[str]] = {}
    by_id = {id(one): one for one in options(command).values()}
    for name, one in options(command).items():
        named.setdefault(id(one), []).append(f"`{name}`")
    rows += [(", ".join(names), by_id[key].help) for key, names in named.items()]
    table = "\n".join(f"| {name} | {cell(text)} |" for name, text in rows)
    about = inspect.cleandoc(command.help or "")
    head = "\n\n| argument or option | what it does |\n| --- | --- |\n"
    return f"\n## {path}\n\n{about}" + (f"{head}{table}" if rows else "") + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
