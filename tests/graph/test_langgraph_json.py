"""What LangGraph's server is told: nothing that calls addresses of a client's choice, all that pictures need."""

import json
import re
import tomllib
from pathlib import Path

from langgraph_cli.config import validate_config_file

ROOT = Path(__file__).parents[2]


def test_the_image_has_the_vision_extra_as_it_is_tested() -> None:
    """Exact versions: LangGraph writes them into a line of shell, where `>` and `<` mean files."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    tested = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split() if "==" in line)
    names = [re.split("[<>=]", wanted)[0] for wanted in extras["vision"]]
    told = json.loads((ROOT / "langgraph.json").read_text("utf-8"))["dependencies"]
    assert told == [".", *(f"{name}=={tested[name]}" for name in names)]


def test_the_server_calls_no_address_of_a_client_and_keeps_no_store() -> None:
    config = validate_config_file(ROOT / "langgraph.json")
    http = config["http"]
    assert http is not None
    assert http["disable_webhooks"] is True
    assert http["disable_store"] is True
