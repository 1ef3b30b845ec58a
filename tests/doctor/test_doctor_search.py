"""`unco doctor` on searches: the table and the tool are there, or it says what is not; nothing is searched for."""

import pytest

from tests.tools.search.servers import LocalTool, server
from unco.doctor import search
from unco.doctor.check import Check
from unco.doctor.search import check_search
from unco.tools.search.search_tool import SearchTool


def test_nothing_is_checked_where_nothing_is_set() -> None:
    assert check_search() == []


def test_a_table_that_is_missing_and_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_KB", "/none")
    (check,) = check_search()
    assert (check.name, check.state) == ("facts", "fault")
    monkeypatch.setenv("UNCO_SEARCH", "ftp://x")
    assert [(check.name, check.state) for check in check_search()] == [("search", "fault")]


@pytest.mark.parametrize(
    ("tool", "state", "said"),
    [("search", "ok", "names go into `query`"), ("named", "ok", "`q`"), ("none", "fault", "there is search, named")],
)
def test_the_server_has_the_tool_or_not(tool: str, state: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()
    made = SearchTool(LocalTool(server(asked.append), tool))
    monkeypatch.setattr(search, "search_from_env", lambda llm: made)
    (check,) = check_search()
    assert isinstance(check, Check)
    assert (check.name, check.state) == (f"search {tool}", state)
    assert said in check.found
    assert asked == []
