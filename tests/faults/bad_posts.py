"""Posts that cannot be run, and odd ones that can: as they come in a line of a corpus, or from a server's client."""

import base64
import io
import json
import struct
import zlib
from typing import Any

from PIL import Image

WORDS = "Ann Lee sings in Oslo"
Post = Any


def _picture(kind: str = "PNG", size: tuple[int, int] = (40, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def _bomb(width: int, height: int) -> bytes:
    """The head of a PNG that claims a size, and a little of its pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
             for kind, data in chunks]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def inline(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


_PNG, _JPEG, _GIF = _picture(), _picture("JPEG"), _picture("GIF")
PICTURES: dict[str, bytes] = {
    "one byte": b"\x89",
    "text": b"no picture",
    "markup": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a document": b"%PDF-1.7\n",
    "an archive": b"PK\x03\x04" + bytes(50),
    "a TIFF's head": _picture("TIFF")[:30],
    "an icon": b"\0\0\1\0\1\0" + bytes(40),
    "a PNG's first half": _PNG[: len(_PNG) // 2],
    "a PNG's head": _PNG[:30],
    "a JPEG's first bytes": _JPEG[:200],
    "a GIF's head": _GIF[:10],
    "a PNG with other bytes within": _PNG[:60] + bytes(60) + _PNG[120:],
    "a bomb": _bomb(60_000, 60_000),
    "a larger bomb": _bomb(2**31 - 1, 2**31 - 1),
    "no width": _bomb(0, 5),
}
REFERENCES = (
    "", " ", ".", "/", "none.png", "../../etc/passwd", "/etc/passwd", "a\0b.png", "\ud800.png", "x" * 5000, "/dev/zero",
    "/dev/stdin", "~/a.png", "data:", "data:,x", "data:image/png;base64", "data:image/png;base64,", "data:;base64,AAAA",
    "data:image/png;base64,****", "data:image/png;base64,AAA", "data:sha256,", "data:sha256," + "f" * 64,
    "data:sha256,../../../etc/passwd", "data:sha256," + "g" * 64, "DATA:image/png;base64,AAAA", "data:image/png,%89PNG",
    "file:///etc/passwd", "FILE://x", "ftp://a/b", "gopher://a", "javascript://x", "blob:http://a/b", "about:blank",
    "http://10.0.0.1/a.png", "http://127.0.0.1/a.png", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://2130706433/",
    "http://0x7f.1/", "http://169.254.169.254/latest/meta-data", "http://a@b/",
    "http://user:secret@host/a.png",  # pragma: allowlist secret
    "http://host:99999/", "http://[", "http://", "https://", "HTTPS://EVIL.example/a.png", "http://a\r\nHost: b/",
    "http://localhost/", "http://host/\ud800", "//host/a.png", "\\\\host\\a.png", "c:\\a.png", "\u202egnp.a",
)  # fmt: skip
TEXTS = ("", " ", "\n\t ", "\u200b", "\u200b \u2060", "\ud800", "Ann \udfff Lee", "\ufeff", "\u00a0", "\u2028\u2029")
"""No text to find anything in, or half a character."""
ODD_TEXTS = (
    "Ann\0Lee", "\0", "\x1b[2JAnn\x07 Lee", "\x9b31m Ann", "\u202eeel nnA", "Ann\u200dLee \U0001f469\u200d\U0001f680",
    "A\u0301\u0301\u0301nn " + "\u0301" * 200, "\u0634\u0631\u0643\u0629 \u0622\u0628\u0644", "\ufffe\uffff",
    "<post></post>",
    "{{entity}} $entity ${x} %s {0}", "[bold]Ann[/bold] [/]", "a" * 20_000, " ".join(["Ann"] * 600), "\U0010ffff" * 10,
    "\u0130\u0131\u1e9e\ufb03", "#" * 500, "http://" + "a." * 200, "'; DROP TABLE posts; --", "\r\n".join(["Ann"] * 5),
)  # fmt: skip
"""Texts that are text all the same."""
VALUES: tuple[Any, ...] = (None, True, 7, -1.5, [], {}, [[]], {"a": 1}, [None], [1, 2])
REGIONS: tuple[Any, ...] = (
    "all", 7, {}, [7], [[]], [[1, 2, 3]], [[1, 2, 3, 4, 5]], [["a", "b", "c", "d"]], [[None] * 4], [[5, 1, 1, 5]],
    [[1, 5, 5, 1]], [[1, 1, 1, 1]], [[float("nan")] * 4], [[0, 0, float("inf"), 5]], [[-50, -50, -10, -10]],
    [[1000, 1000, 2000, 2000]], [[1e300, 1e300, 1e308, 1e308]],
    [[0, 0, 5, 5], [5, 5, 0, 0]], [{"x1": 0}],
)  # fmt: skip
"""Candidates that cannot be used, for a picture of 40 x 40 pixels or for any."""


def bad_posts() -> dict[str, Post]:
    """Each of them is refused, by its number or name."""
    posts: dict[str, Post] = {f"not an object: {value!r}": value for value in (*VALUES[:5], "text", [WORDS])}
    posts |= {f"text {text!r}": {"text": text} for text in TEXTS}
    posts |= {f"text {value!r}": {"text": value} for value in VALUES}
    posts |= {f"tokens {value!r}": {"text": value} for value in ([""], [" "], ["a", ""], ["\ud800"], ["a", 7])}
    posts["no text"] = {"image": None}
    for field in ("txt", "Text", "images", "", "\x1b[2J", "region", "__class__", "text "):
        posts[f"unknown field {field!r}"] = {"text": WORDS, field: 1}
    for field in ("image", "caption", "id"):
        for value in VALUES[1:]:
            if (field, value) != ("id", 7):
                posts[f"{field} {value!r}"] = {"text": WORDS, field: value}
    for value in (7, "perhaps", [], {}, 0.5):
        posts[f"private {value!r}"] = {"text": WORDS, "private": value}
    posts |= {f"regions {value!r}": {"text": WORDS, "image": inline(_PNG), "regions": value} for value in REGIONS}
    posts["a region in shares"] = {"text": WORDS, "image": inline(_PNG), "regions": [[0.1, 0.2, 0.5, 0.6]]}
    posts |= {f"picture {ref[:50]!r}": {"text": WORDS, "image": ref} for ref in REFERENCES}
    posts |= {f"picture: {name}": {"text": WORDS, "image": inline(data)} for name, data in PICTURES.items()}
    return posts


def odd_posts() -> dict[str, Post]:
    """Each of them has a result."""
    posts: dict[str, Post] = {f"text {text[:20]!r}": {"text": text} for text in ODD_TEXTS}
    posts |= {f"id {value[:20]!r}": {"text": WORDS, "id": value} for value in ("", "\x1b[2J", "../x", "a" * 9000, "\0")}
    posts |= {f"caption {text[:20]!r}": {"text": WORDS, "caption": text} for text in (*ODD_TEXTS[:8], "", "a " * 9000)}
    posts["thousands of regions"] = {
        "text": WORDS, "image": inline(_PNG), "regions": [[n % 30, n % 30, 35, 35] for n in range(3000)],
    }  # fmt: skip
    posts["two thousand words"] = {"text": "Ann " * 2_000}
    posts["a region without width"] = {"text": WORDS, "image": inline(_PNG), "regions": [[5, 5, 5.0000001, 5.0000001]]}
    posts["regions and no picture"] = {"text": WORDS, "regions": [[0, 0, 5, 5]]}
    posts["no regions"] = {"text": WORDS, "image": inline(_PNG), "regions": []}
    posts["a tiny picture"] = {"text": WORDS, "image": inline(_picture(size=(1, 1)))}
    posts |= {kind: {"text": WORDS, "image": inline(_picture(kind))} for kind in ("JPEG", "GIF", "WEBP", "BMP")}
    return posts


def broken_lines() -> dict[str, bytes]:
    """Lines of a corpus that hold no post at all."""
    good = json.dumps({"text": WORDS, "id": "1"}).encode()
    return {
        "cut off": good[:-4], "not UTF-8": b'{"text": "\xff"}', "UTF-16": '{"text": "Ann"}'.encode("utf-16-le"),
        "NUL": b"\0\0",
        "nested": b"[" * 50_000, "nested objects": b'{"text":' * 50_000, "digits": b'{"text": ' + b"9" * 5000 + b"}",
        "two": good + good, "a comma": good + b",", "single quotes": b"{'text': 'Ann'}", "no quotes": b"{text: Ann}",
        "NaN": b"NaN", "a comment": b"// posts", "escapes": b'{"text": "\x1b[2J"}', "a word": b"Ann", "a quote": b'"',
        "half a character as id": b'{"text": "Ann", "id": "\\ud800"}', "pickled": b"\x80\x04}\x94.",
    }  # fmt: skip
