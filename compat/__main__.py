"""Try servers, all or those named, and print a table of what each does: `python -m compat [NAME...]`."""

import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from compat.features import features
from compat.servers import SERVERS
from compat.through_unco import run_unco

ENVIRONMENT = Path(".venv-compat", "bin")


def try_server(name: str) -> dict[str, str]:
    """Start a server, try it, and return what was seen, by the name of the row."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        with SERVERS[name](ENVIRONMENT.absolute(), folder) as server:
            found = {"behind it": server.what, **features(server)}
            seen = run_unco(server, folder)
    own = {check: state for check, state in seen.doctor.items() if server.model in check or "endpoint" in check}
    shown = asdict(seen) | {"doctor": own}
    return found | {row: _in_words(value).replace(server.model, "MODEL") for row, value in shown.items()}


def _in_words(value: object) -> str:
    return ", ".join(f"{name} {one}" for name, one in value.items()) if isinstance(value, dict) else str(value)


def main(names: list[str]) -> None:
    """Try the servers and print a table in Markdown, a column each."""
    tried = {name: try_server(name) for name in names or SERVERS}
    lines = [["", *tried], ["---"] * (len(tried) + 1)]
    lines += [[row, *(found[row] for found in tried.values())] for row in next(iter(tried.values()))]
    sys.stdout.write("".join(f"| {' | '.join(line)} |\n" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1:])
