"""`unco extract`: the text stands by itself or after `--text`, and once."""

import json

import pytest
from typer.testing import CliRunner

from unco.cli import app
from unco.errors import SettingsError

TEXT = "Eileen Collins flew for NASA"


@pytest.mark.parametrize("given", [[TEXT], ["--text", TEXT]])
def test_a_text_is_given_with_or_without_its_option(given: list[str]) -> None:
    found = CliRunner().invoke(app, ["extract", *given, "--mode", "off", "--json"], catch_exceptions=False)
    assert [entity["text"] for entity in json.loads(found.stdout)["entities"]] == ["Eileen Collins", "NASA"]


@pytest.mark.parametrize("given", [[], [TEXT, "--text", TEXT]])
def test_none_and_two_are_refused(given: list[str]) -> None:
    refused = CliRunner().invoke(app, ["extract", *given])
    assert refused.exit_code == 2
    assert "give the post's text, once" in " ".join(refused.output.split())


def test_an_estimator_that_the_shipped_model_was_not_fitted_for_is_refused() -> None:
    refused = CliRunner().invoke(app, ["extract", TEXT, "--mode", "off", "--estimator", "energy"])
    assert isinstance(refused.exception, SettingsError)
    assert "has no estimator 'energy': choose confidence, entropy, mc_decoder" in str(refused.exception)
