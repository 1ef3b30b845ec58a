"""Commands about prompts: list, show, compare, lock."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app

prompts = typer.Typer(no_args_is_help=True, help="The prompts: list, show, compare, lock.")
app.add_typer(prompts, name="prompts", rich_help_panel="Endpoint")


def _shown(text: str) -> str:
    """Replace control characters in each line, so that a prompt cannot control the terminal."""
    from unco.show import visible

    return "\n".join(map(visible, text.split("\n")))


PromptId = Annotated[str, typer.Argument(help="Name and version, e.g. span/v1.")]


@prompts.command("list")
def list_prompts() -> None:
    """List all prompts, those of UNCO_PROMPTS among them."""
    from unco.prompts.listing import show_prompts

    show_prompts(Console())


@prompts.command()
def show(
    prompt: PromptId,
    rendered: Annotated[bool, typer.Option("--rendered", help="Filled in with an invented example.")] = False,
) -> None:
    """Print a prompt's file, or what would be sent."""
    from unco.prompts.listing import prompt_text

    sys.stdout.write(_shown(prompt_text(prompt, rendered)))


@prompts.command()
def diff(before: PromptId, after: PromptId) -> None:
    """Print the difference between two prompts."""
    from unco.prompts.listing import prompt_diff

    sys.stdout.write(_shown(prompt_diff(before, after)))


@prompts.command()
def lock() -> None:
    """Write down the hashes of prompts that are not locked yet. It is an error if a locked one has changed."""
    from unco.prompts import lock_prompts

    for locked in lock_prompts():
        sys.stdout.write(f"locked {locked}\n")
