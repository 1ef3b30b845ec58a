"""Builds what the type corrector looks names up in, as the environment and the settings file say."""

import os
from dataclasses import replace
from pathlib import Path

from unco.environment import VARIABLES, environment
from unco.errors import SettingsError
from unco.tools.knowledge import Knowledge
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.checks.address import clean_address
from unco.tools.llm.checks.query import fill_in
from unco.tools.llm.checks.sendable import clean_key
from unco.tools.llm.client import Mllm
from unco.tools.llm.models.options import ModelOptions, body_text
from unco.tools.search.mcp_tool import McpTool
from unco.tools.search.search import FirstFound, Search
from unco.tools.search.search_tool import SearchTool
from unco.tools.settings_file import SearchSettings, read_settings


def search_from_env(llm: Mllm) -> Search | None:
    """Build the search: the user's own table first, then the tool; None = neither is set.

    Args:
        llm: whose cache, recording, privacy and egress log hold for the tool, too.

    Raises:
        SettingsError: an address or a key cannot be used; names it.
    """
    chosen = environment()
    settings = _of_file(Path(chosen.settings)) if chosen.settings else None
    if settings is None and chosen.search:
        settings = SearchSettings(mcp=chosen.search)
    searches: list[Search] = []
    if (table := Knowledge.from_env()) is not None:
        searches.append(table)
    if settings is not None:
        searches.append(tool_of(settings, llm))
    return searches[0] if len(searches) == 1 else FirstFound(tuple(searches)) if searches else None


def tool_of(settings: SearchSettings, llm: Mllm) -> SearchTool:
    """Build the tool that settings describe; nothing is opened.

    Raises:
        SettingsError: the address or the key cannot be used.
    """
    server = _server(settings.mcp) if isinstance(settings.mcp, str) else tuple(settings.mcp)
    key = clean_key(os.environ.get(settings.key), f"the environment variable {settings.key}") if settings.key else None
    if settings.key and not key:
        raise SettingsError(f"the search needs the environment variable {settings.key}, which is not set")
    env = {name: os.environ[name] for name in settings.env if name in os.environ}
    tool = McpTool(server, settings.tool, settings.argument, settings.arguments, key, env, settings.seconds)
    return SearchTool(
        tool,
        cache=llm.cache,
        recording=llm.recording,
        terms=replace(llm.terms, budget=Budget(Caps(calls=settings.calls))),
        options=ModelOptions(extra_body=body_text(settings.arguments)),
        seconds=settings.seconds,
    )


def _of_file(path: Path) -> SearchSettings | None:
    settings = read_settings(path).search
    if settings is None or not isinstance(settings.mcp, str):
        return settings
    return settings.model_copy(update={"mcp": fill_in(settings.mcp, "`mcp` of `search` in the settings file")})


def _server(address: str) -> str:
    where = f"`mcp` of `search`, or {VARIABLES['search']}, where it is no list of a program and its arguments,"
    return clean_address(address, where, like="http://localhost:8811/mcp or https://host/mcp")
