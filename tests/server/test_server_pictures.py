"""A picture that a client sends is kept once; state and checkpoints hold its hash."""

import base64
import hashlib
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.pictures import as_bytes
from tests.server.served import ALWAYS, TEXT, Served

pytestmark = pytest.mark.slow

MB = 1_000_000
BOX = [10.0, 10.0, 100.0, 100.0]


def large_picture() -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (600, 600, 3), dtype=np.uint8)
    return as_bytes(Image.fromarray(noise))


async def history(client: Any, post: dict[str, Any]) -> list[str]:
    """Each checkpoint of a run, as JSON."""
    thread = await client.threads.create()
    await client.runs.wait(thread["thread_id"], "unco", input=post, context=ALWAYS)
    return [json.dumps(state) for state in await client.threads.get_history(thread["thread_id"], limit=100)]


async def test_a_picture_adds_a_reference_to_checkpoints_and_no_bytes(client: Any, served: Served) -> None:
    data = large_picture()
    digest = hashlib.sha256(data).hexdigest()
    assert len(data) > MB
    post = {"text": TEXT, "regions": [BOX], "image": f"data:image/png;base64,{base64.b64encode(data).decode()}"}
    seen = [await history(client, post) for _ in range(2)]
    blind = await history(client, {"text": TEXT})
    assert len(seen[0]) == len(blind)
    assert max(len(one) - len(other) for one, other in zip(seen[0], blind, strict=True)) < 10_000
    assert any(f"data:sha256,{digest}" in state for state in seen[0])
    assert not any("base64" in state for state in seen[0] + seen[1])
    kept = list((served.folder / "cache" / "pictures").iterdir())
    assert [path.read_bytes() == data for path in kept if path.name == digest] == [True]
