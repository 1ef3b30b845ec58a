"""Cassettes of this folder: see `tests.graph.cassettes`."""

from typing import Any

import pytest

from tests.graph import cassettes


def pytest_recording_configure(config: pytest.Config, vcr: Any) -> None:
    vcr.register_serializer("yaml", cassettes)
    for matcher in cassettes.MATCHERS:
        vcr.register_matcher(matcher.__name__, matcher)


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return {
        "match_on": ["method", "path", *(matcher.__name__ for matcher in cassettes.MATCHERS)],
        "before_record_request": cassettes.scrub_request,
        "before_record_response": cassettes.scrub_response,
        "decode_compressed_response": True,
    }


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """One folder, so that files of tests may share a cassette."""
    return str(request.path.parent / "cassettes")
