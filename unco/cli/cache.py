"""Commands about the cache of replies."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from unco.cli.app import app

commands = typer.Typer(no_args_is_help=True, help="Look after the cache of replies.")
app.add_typer(commands, name="cache")

Directory = Annotated[Path | None, typer.Option(help="Default: UNCO_CACHE_DIR, else the user's cache directory.")]


@commands.command()
def stats(directory: Directory = None) -> None:
    """Print what is in the cache."""
    from unco.tools.llm.cache.maintenance import cache_stats
    from unco.tools.llm.cache.store import Cache

    cache = Cache(directory)
    found = cache_stats(cache)
    table = Table(title=f"Cache {cache.directory}", show_header=False)
    rows: list[tuple[str, object]] = [
        ("replies", found.replies),
        *((f"  of {model or '(no name)'}", count) for model, count in found.by_model),
        ("damaged rows", found.damaged),
        ("known cost when asked for", f"${found.usd:.4f}"),
        ("bytes", found.bytes),
        ("kept pictures", f"{found.pictures}, {found.picture_bytes} bytes"),
    ]
    for name, value in rows:
        table.add_row(name, str(value))
    Console().print(table)


@commands.command()
def verify(
    directory: Directory = None, mend: Annotated[bool, typer.Option(help="Delete damaged rows.")] = False
) -> None:
    """Look for damaged rows; exit code 1 when there are some and they are left."""
    from unco.tools.llm.cache.maintenance import verify_cache
    from unco.tools.llm.cache.store import Cache

    damaged = verify_cache(Cache(directory), mend)
    for key in damaged:
        sys.stdout.write(f"damaged: {key}\n")
    sys.stdout.write(f"{len(damaged)} damaged rows{' deleted' if mend and damaged else ''}\n")
    if damaged and not mend:
        raise typer.Exit(1)


@commands.command()
def prune(
    days: Annotated[float, typer.Option(min=0, help="Delete replies older than this.")],
    directory: Directory = None,
    pictures: Annotated[bool, typer.Option(help="Delete kept inline pictures as well.")] = False,
) -> None:
    """Delete old replies; they are asked, and paid for, anew when they are needed."""
    from unco.tools.llm.cache.maintenance import prune_cache
    from unco.tools.llm.cache.store import Cache

    replies, gone = prune_cache(Cache(directory), days, pictures)
    sys.stdout.write(f"{replies} replies and {gone} pictures deleted\n")
