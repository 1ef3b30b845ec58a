"""Good input, changed a little: bytes that are flipped, cut and repeated; values that are swapped for odd ones."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 1.5, -0.0, float("nan"), float("inf"), "", " ", "x", "\0", "\ud800", "\x1b[2J", "../x",
    [], [[]], [None], {}, {"": 1}, {"a": {"b": []}},
)  # fmt: skip
HUGE: tuple[Any, ...] = (10**400, -(10**400), 2**63, 1e308, "9" * 5000, [0] * 1000, "x" * 100_000)

Path = tuple[Any, ...]


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in plain data, the whole first."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


@st.composite
def changed(draw: st.DrawFn, good: Any, odd: tuple[Any, ...] = ODD + HUGE) -> Any:
    """Plain data with one to three places replaced, removed, doubled or renamed."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(value))
        at = found[draw(st.integers(0, len(found) - 1))]
        if not at:
            if draw(st.integers(0, 9)) == 0:
                return draw(st.sampled_from(odd))
            continue
        parent = value
        for key in at[:-1]:
            parent = parent[key]
        _change(draw, parent, at[-1], odd)
    return value


def _change(draw: st.DrawFn, parent: Any, key: Any, odd: tuple[Any, ...]) -> None:
    match draw(st.sampled_from(["replace", "replace", "remove", "double", "rename", "any"])):
        case "replace":
            parent[key] = copy.deepcopy(draw(st.sampled_from(odd)))
        case "remove":
            del parent[key]
        case "double" if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
        case "rename" if isinstance(parent, dict):
            parent[draw(st.text(max_size=5))] = parent.pop(key)
        case _:
            parent[key] = draw(st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers())


@st.composite
def spoilt(draw: st.DrawFn, good: bytes) -> bytes:
    """Bytes with some of them flipped, cut out, repeated or put in; rarely any bytes at all."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        stop = min(len(data), start + draw(st.integers(0, 40)))
        match draw(st.sampled_from(["flip", "flip", "end", "cut", "repeat", "insert"])):
            case "flip" if data:
                data[start] = draw(st.integers(0, 255))
            case "end":
                del data[start:]
            case "cut":
                del data[start:stop]
            case "repeat":
                data[start:start] = data[start:stop] * draw(st.integers(1, 5))
            case _:
                data[start:start] = draw(
                    st.binary(max_size=8) | st.sampled_from([b"\0", b"\xff", b"\n", b'"', b"]", b"{"])
                )
    return bytes(data)
