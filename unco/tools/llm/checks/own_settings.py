"""Makes langchain-openai's client keep to what it is given: nothing of the environment, bodies as they came."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

_AZURE = re.compile(r"\.azure\.(com|us|cn)$", re.IGNORECASE)
"""Hosts of Azure OpenAI and AI Foundry; source: Azure OpenAI's REST API reference, authentication."""


Reader = Callable[[bytes], object]


def account_of(base_url: str, api_key: SecretStr | None, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a call; Azure reads a key of its own from `api-key`, and only tokens as a bearer's."""
    own = {name.lower() for name in headers}
    if api_key and "api-key" not in own and _AZURE.search(urlsplit(base_url).hostname or ""):
        return {"api-key": api_key.get_secret_value(), **headers}
    return dict(headers)


def keep_to_settings(client: "ChatOpenAI", headers: Mapping[str, str], read: Reader) -> "ChatOpenAI":
    """Drop what the openai package read from the environment, and hand bodies on as they came; return the client.

    `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID`, `OPENAI_CUSTOM_HEADERS` and `OPENAI_ADMIN_KEY` belong to one account at one
    provider, and would be sent to every host of a chain. There is no argument that turns them off.

    Args:
        client: as it was built.
        headers: sent with each call instead of those.
        read: reads the body of a reply.
    """
    for root in (client.root_client, client.root_async_client):
        root.organization = root.project = root.admin_api_key = None
        root._custom_headers = dict(headers)
    client.async_client = _Completions(client.async_client, read)
    return client


@dataclass(frozen=True, slots=True)
class _Completions:
    """The openai package's chat completions, but for its reading of bodies: it turns the text "5" into a 5."""

    completions: Any
    read: Reader

    @property
    def with_raw_response(self) -> "_Completions":
        """Answer as the openai package does, by itself."""
        return self

    async def create(self, **payload: Any) -> "_Response":
        """Ask."""
        return _Response(await self.completions.with_raw_response.create(**payload), self.read)


@dataclass(frozen=True, slots=True)
class _Response:
    """A response that langchain-openai takes for one of the openai package."""

    raw: Any
    read: Reader

    @property
    def headers(self) -> Any:
        """The response's headers."""
        return self.raw.headers

    @property
    def http_response(self) -> Any:
        """The response itself."""
        return self.raw.http_response

    def parse(self) -> Any:
        """Return the body as plain JSON; that of a stream, as if it had come at once.

        Raises:
            ValueError: it is none.
        """
        return self.read(self.raw.http_response.content)
