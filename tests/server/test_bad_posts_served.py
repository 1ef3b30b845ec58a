"""A server's client hands in many bad posts at once: each is refused with a reason, and a good one has its result."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bad_posts import bad_posts
from tests.server.served import KEY, TEXT, Served

pytestmark = pytest.mark.slow

NO_THRESHOLDS: tuple[Any, ...] = (5, -0.5, "high", [], True)
NO_CAPS: tuple[Any, ...] = (-1, "x", [], True)
CONTEXTS: tuple[dict[str, Any], ...] = (
    *({f"{name}_threshold": value} for name in ("span", "type", "region") for value in NO_THRESHOLDS),
    *({f"{name}_prompt": value} for name in ("span", "type", "region") for value in ("v99", "../type/v1", "", 7, None)),
    *({name: value} for name in ("post_calls", "post_usd", "post_seconds") for value in NO_CAPS),
    *({"mode": value} for value in ("on", "", 7, "replay", "record")),
    *({"frame": value} for value in ("inches", 7, "")),
    {"recall": "yes"}, {"model": 7},
)  # fmt: skip
AT_ONCE = 20
ALWAYS = {f"{name}_threshold": -1 for name in ("span", "type", "region")}


def sent(post: Any) -> Any:
    """A post as JSON can carry it to the server; None = it cannot."""
    try:
        json.dumps(post, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeEncodeError):
        return None
    return post if isinstance(post, dict) else None


async def test_each_is_refused_with_a_reason_and_nothing_of_the_server(client: Any, served: Served) -> None:
    """The text of a refusal is the error's own: its class is ours, and neither path nor key stands in it."""
    posts = {name: post for name, post in bad_posts().items() if sent(post) is not None}
    cases: list[tuple[str, Any, Any]] = [
        (name, post, {"strict_pictures": True}) for name, post in list(posts.items())[::2]
    ]
    cases += [(f"context {context}", {"text": TEXT}, ALWAYS | context) for context in CONTEXTS[::2]]
    assert len(cases) >= 90
    places = asyncio.Semaphore(AT_ONCE)

    async def refused(post: Any, context: Any) -> str:
        async with places:
            try:
                await client.runs.wait(None, "unco", input=post, context=context)
            except Exception as error:  # the client's own, or one of HTTP's
                return f"{type(error).__name__}: {error}"
        return "it has a result"

    told = await asyncio.gather(*(refused(post, context) for _, post, context in cases))
    secrets = (KEY, str(served.folder), str(Path(__file__).parents[2]), "Traceback")
    faults = [
        f"{name}: {reason[:300]}"
        for (name, _, _), reason in zip(cases, told, strict=True)
        if not any(kind in reason for kind in ("PostError", "PictureError", "SettingsError", "DataError", "422"))
        or any(secret in reason for secret in secrets)
    ]
    assert not faults, "\n".join(faults)
    result = await client.runs.wait(None, "unco", input={"text": TEXT}, context={"mode": "off"})
    assert [entity["text"] for entity in result["entities"]] == ["Eileen Collins", "Space Shuttle", "NASA"]
    assert KEY not in served.server.log.read_text(errors="replace")
