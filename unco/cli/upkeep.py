"""Commands that maintain local stores: the cache of replies, the file of your own facts, and memories."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from unco.cli.app import app
from unco.errors import SettingsError

if TYPE_CHECKING:
    from unco.tools.llm.cache.store import Cache

cache = typer.Typer(no_args_is_help=True, help="Look after the cache of replies.")
app.add_typer(cache, name="cache", rich_help_panel="Upkeep")

kb = typer.Typer(no_args_is_help=True, help="Facts of your own for the type corrector.")
app.add_typer(kb, name="kb", rich_help_panel="Upkeep")

memory = typer.Typer(no_args_is_help=True, help="What answers and reviews decided about names.")
app.add_typer(memory, name="memory", rich_help_panel="Upkeep")

Memories = Annotated[Path | None, typer.Option("--file", help="File of memories; default: UNCO_MEMORY.")]
MemoryName = Annotated[
    str | None, typer.Option("--memory", help="Only this memory, such as that of a token; default: all of the file.")
]
Directory = Annotated[Path | None, typer.Option(help="Default: UNCO_CACHE_DIR, else the user's cache directory.")]


def _cache_in(directory: Path | None) -> "Cache":
    """Open a cache; a folder that is named and not there is no empty cache."""
    from unco.tools.llm.cache.store import Cache

    if directory is not None and not directory.is_dir():
        raise SettingsError(f"there is no folder {directory}: correct --directory")
    return Cache(directory)


@cache.command()
def stats(directory: Directory = None) -> None:
    """Print what is in the cache."""
    from unco.tools.llm.cache.maintenance import cache_stats

    replies = _cache_in(directory)
    found = cache_stats(replies)
    table = Table(title=f"Cache {replies.directory}", show_header=False)
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


@cache.command()
def verify(
    directory: Directory = None, mend: Annotated[bool, typer.Option(help="Delete damaged rows.")] = False
) -> None:
    """Look for damaged rows. Ends with 1 if there are some and --mend is not given."""
    from unco.tools.llm.cache.maintenance import verify_cache

    damaged = verify_cache(_cache_in(directory), mend)
    for key in damaged:
        sys.stdout.write(f"damaged: {key}\n")
    sys.stdout.write(f"{len(damaged)} damaged rows{' deleted' if mend and damaged else ''}\n")
    if damaged and not mend:
        raise typer.Exit(1)


@cache.command()
def prune(
    days: Annotated[float, typer.Option(min=0, help="Delete replies older than this.")],
    directory: Directory = None,
    pictures: Annotated[bool, typer.Option(help="Delete kept inline pictures as well.")] = False,
) -> None:
    """Delete old replies. If one is needed again, the MLLM is asked and paid again."""
    from unco.tools.llm.cache.maintenance import prune_cache

    replies, gone = prune_cache(_cache_in(directory), days, pictures)
    sys.stdout.write(f"{replies} replies and {gone} pictures deleted\n")


@kb.command()
def build(
    facts: Annotated[Path, typer.Argument(help='JSONL: {"name": ..., "description": ..., "aliases": [...]} a line.')],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; UNCO_KB names it later.")],
) -> None:
    """Make a file of facts that the type corrector can look up."""
    from unco.tools.knowledge import build_knowledge

    sys.stdout.write(f"{build_knowledge(facts, out)} facts written to {out}\n")


@memory.command("stats")
def memory_stats(file: Memories = None) -> None:
    """Print how much the memories of a file hold."""
    from unco.tools.memory.file import store_of_command
    from unco.tools.memory.memory import chosen_memories

    table = Table("memory", "names", "decisions", "answers", "people", "oldest", "newest")
    for column in table.columns[-2:]:
        column.no_wrap = True
    with store_of_command(file) as store:
        for name, one in chosen_memories(store, None):
            decisions = [kept.decision for kept in one.all()]
            people, days = sum(each.by == "review" for each in decisions), [each.day for each in decisions]
            names = len({each.name for each in decisions})
            counts = names, len(decisions), len(decisions) - people, people
            table.add_row(name, *map(str, counts), str(min(days, default="-")), str(max(days, default="-")))
    Console().print(table)


@memory.command("export")
def memory_export(file: Memories = None, name: MemoryName = None) -> None:
    """Print all decisions, one JSON object a line."""
    import json

    from unco.tools.memory.file import store_of_command
    from unco.tools.memory.memory import chosen_memories

    is_utf = sys.stdout.encoding.lower().startswith("utf")
    with store_of_command(file) as store:
        for memory_name, one in chosen_memories(store, name):
            for kept in one.all():
                line = {"memory": memory_name, **kept.decision.to_dict()}
                sys.stdout.write(json.dumps(line, ensure_ascii=not is_utf) + "\n")


@memory.command("forget")
def memory_forget(
    names: Annotated[list[str] | None, typer.Argument(help="Names whose decisions are deleted.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Delete all decisions.")] = False,
    file: Memories = None,
    name: MemoryName = None,
) -> None:
    """Delete decisions for good: those about some names, or all."""
    from unco.tools.memory.file import forget_for_good, store_of_command
    from unco.tools.memory.memory import chosen_memories

    if bool(names) == everything:
        raise typer.BadParameter("give the names to forget, or --all")
    with store_of_command(file) as store:
        gone = sum(one.forget(names or None) for _, one in chosen_memories(store, name))
        forget_for_good(store)
    sys.stdout.write(f"{gone} decisions deleted\n")
