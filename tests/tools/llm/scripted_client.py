"""A client of the scripted server, and the question that it is asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import SecretStr
from tenacity import wait_none

from tests.tools.llm.openai_server import OpenAIServer
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.prices import Price, Prices
from unco.tools.llm.request import Purpose, Reply, Request

KEY = "sk-secret-0123456789"
SCHEMA = '{"type": "object", "properties": {"corrected_entity": {"type": "string"}}}'
REQUEST = Request(model="small-vl", system="You correct.", user="Oslo", purpose=Purpose(attribute="span"))
ASKED = replace(REQUEST, schema=SCHEMA)
PRICES = Prices(version="test", models=(Price(pattern="small", input=2.0, output=10.0),))
Ask = Callable[[Mllm, Request], Reply]


def client(server: OpenAIServer, terms: Terms | None = None, **settings: Any) -> Mllm:
    return Mllm(server.url, "small-vl", SecretStr(KEY), terms=terms, **{"wait": wait_none()} | settings)


def formats(server: OpenAIServer) -> list[str | None]:
    """Return the answer format of each question."""
    return [(body.get("response_format") or {}).get("type") for body in server.bodies]
