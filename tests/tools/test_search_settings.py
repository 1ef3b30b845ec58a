"""Where names are looked up: the table, the tool, both in this order, or nowhere."""

from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.tools.knowledge import Knowledge
from unco.tools.llm.budget import Caps
from unco.tools.llm_settings import mllm_from_env
from unco.tools.search.search import FirstFound
from unco.tools.search.search_tool import SearchTool
from unco.tools.search_settings import search_from_env

FULL = """
models: [{model: m, base_url: "http://localhost:8000/v1"}]
privacy: {type: local}
budget: {calls: 5}
egress_log: egress.jsonl
search:
  mcp: [npx, -y, searcher]
  tool: web_search
  arguments: {limit: 3}
  env: [SEARCH_KEY]
  calls: 7
"""


def test_nothing_is_looked_up_unless_it_is_named() -> None:
    assert search_from_env(mllm_from_env()) is None


def test_the_table_comes_before_the_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNCO_SEARCH", " http://localhost:8811/mcp ")
    tool = search_from_env(mllm_from_env())
    assert isinstance(tool, SearchTool)
    assert (tool.base_url, tool.model, tool.terms.budget.caps) == ("http://localhost:8811/mcp", "search", Caps(1000))
    monkeypatch.setenv("UNCO_KB", str(tmp_path / "kb"))
    both = search_from_env(mllm_from_env())
    assert isinstance(both, FirstFound)
    assert [type(one) for one in both.searches] == [Knowledge, SearchTool]


@pytest.mark.parametrize("in_file", [False, True])
def test_a_key_in_the_query_of_an_address_is_sent_and_not_shown(
    in_file: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAVILY", "tvly-1")
    monkeypatch.setenv("UNCO_SEARCH", "https://mcp.tavily.com/mcp/?tavilyApiKey=tvly-1&lang=en")
    if in_file:
        models = "models: [{model: m, base_url: 'http://localhost/v1'}]\n"
        search = "search: {mcp: 'https://mcp.tavily.com/mcp/?tavilyApiKey=${TAVILY}&lang=en'}"
        (tmp_path / "unco.yaml").write_text(models + search)
        monkeypatch.setenv("UNCO_SETTINGS", str(tmp_path / "unco.yaml"))
    tool = search_from_env(mllm_from_env())
    assert isinstance(tool, SearchTool)
    assert tool.base_url == "https://mcp.tavily.com/mcp/?lang=en"
    assert tool.tool._query == "tavilyApiKey=tvly-1"  # pragma: allowlist secret


def test_the_file_says_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "unco.yaml").write_text(FULL)
    monkeypatch.setenv("UNCO_SETTINGS", str(tmp_path / "unco.yaml"))
    llm = mllm_from_env()
    tool = search_from_env(llm)
    assert isinstance(tool, SearchTool)
    assert (tool.base_url, tool.model, tool.options.extra_body) == ("program://npx", "web_search", '{"limit": 3}')
    assert (tool.terms.budget.caps, llm.terms.budget.caps) == (Caps(7), Caps(5))
    assert (tool.terms.privacy, tool.terms.egress, tool.cache) == (llm.terms.privacy, llm.terms.egress, llm.cache)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("mcp: ftp://x", "`mcp` of `search`"),
        ("mcp: http://user:pass@host/mcp", "user name"),  # pragma: allowlist secret
        (
            "mcp: 'http://host/mcp?tavilyApiKey=k1'",
            "'tavilyApiKey' of `mcp` of `search` in the settings file may hold a",
        ),
        ("mcp: /v1", "must be like http://localhost:8811/mcp or https://host/mcp"),
        ("mcp: []", "at least 1 item"),
        ("{mcp: http://localhost/mcp, key: NO_SUCH_KEY}", "NO_SUCH_KEY, which is not set"),
        ("{mcp: http://localhost/mcp, key: a-secret}", "search.key"),
        ("{mcp: http://localhost/mcp, calls: -1}", "search.calls"),
        ("{mcp: http://localhost/mcp, sconds: 1}", "search.sconds"),
        ("{tool: search}", "search.mcp"),
    ],
)
def test_what_cannot_be_used_is_named(search: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    section = search if search.startswith("{") else f"{{{search}}}"
    (tmp_path / "unco.yaml").write_text(f"models: [{{model: m, base_url: 'http://localhost/v1'}}]\nsearch: {section}")
    monkeypatch.setenv("UNCO_SETTINGS", str(tmp_path / "unco.yaml"))
    with pytest.raises(SettingsError, match=said.replace("[", r"\[")):
        search_from_env(mllm_from_env())
