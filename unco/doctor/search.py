"""Checks of what the type corrector looks names up in: the table is there, the tool's server has the tool."""

from collections.abc import Iterator

from unco.context import Mode
from unco.doctor.check import Check
from unco.errors import EndpointError, UncoError
from unco.tools.blocking import block_on, on_loop
from unco.tools.llm_settings import mllm_from_env
from unco.tools.search.search import FirstFound, Search
from unco.tools.search.search_tool import SearchTool
from unco.tools.search_settings import search_from_env

LIVE: Mode = "live"


def check_search() -> list[Check]:
    """Check the searches that the environment or its settings file names; nothing is searched for."""
    try:
        search = search_from_env(mllm_from_env(cached=False))
    except UncoError as error:  # a fault of the settings is the endpoints' to report, too
        return [Check("search", "fault", str(error), "correct the settings file or the environment")]
    return list(_checks(search))


def _checks(search: Search | None) -> Iterator[Check]:
    match search:
        case FirstFound(searches=searches):
            for one in searches:
                yield from _checks(one)
        case SearchTool():
            yield _check_tool(search)
        case None:
            return
        case _:
            yield _checked("facts", search, "the table is there")


def _check_tool(search: SearchTool) -> Check:
    name = f"search {search.model}"
    if (checked := _checked(name, search, "")).state == "fault":
        return checked
    try:
        argument = block_on(on_loop(search.tool.argument()))
    except EndpointError as error:
        return Check(name, "fault", str(error), "start the server, or correct `search` in the settings file")
    return Check(name, "ok", f"its server has it; names go into `{argument}`")


def _checked(name: str, search: Search, found: str) -> Check:
    try:
        search.check(LIVE)
    except UncoError as error:
        return Check(name, "fault", str(error))
    return Check(name, "ok", found)
