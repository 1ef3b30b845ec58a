"""Contents that no file of ours has, whatever its kind; and what else can stand where a file is looked for."""

import pickle
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.pictures import as_bytes

CONTENTS: dict[str, bytes] = {
    "empty": b"",
    "blanks": b" \n\t\n",
    "NUL": b"\0" * 64,
    "not UTF-8": b'{"text": "\xff\xfe"}\n',
    "UTF-16": '{"text": "Ann"}'.encode("utf-16"),
    "a picture": as_bytes(Image.new("RGB", (3, 3))),
    "a pickle": pickle.dumps({"text": "Ann"}),
    "an archive": b"PK\x03\x04" + bytes(60),
    "cut off": b'{"text": "An',
    "nested without end": b"[" * 100_000,
    "objects without end": b'{"a":' * 100_000,
    "nothing": b"null",
    "a number": b"7",
    "a number without end": b"9" * 5_000,
    "no number": b'{"text": NaN, "a": 1e999}',
    "a list": b"[]",
    "a list of nothing": b"[null]",
    "an object": b"{}",
    "half a character": b'{"text": "\\ud800", "id": "\\udfff"}',
    "escapes": b'{"\x1b[2J\x07": "\xc2\x9b31m"}',
    "written escapes": b'{"\\u001b[2J\\u0007": "\\u009b31m", "text": 1}',
    "tags of YAML": b"!!python/object/apply:os.system ['touch pwned']\n",
    "anchors of YAML": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b, *c]\n",
    "markup": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
}

Place = Callable[[Path], None]


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


PLACES: dict[str, Place] = {"missing": lambda path: None, "a folder": _folder, "a link to itself": _loop}
"""What stands in place of the file."""
