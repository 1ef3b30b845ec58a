"""Prompts by their ids."""

from typing import cast

from unco.prompts import Prompt, PromptName, load_prompt


def prompt_of(prompt_id: str) -> Prompt:
    """Load the prompt of an id such as "span/v1"."""
    name, version = prompt_id.split("/")
    return load_prompt(cast(PromptName, name), version)
