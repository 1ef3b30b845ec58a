"""What a post may not open: files outside the allowed folders, names that lead to private addresses."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unco.errors import PictureError
from unco.tools.pictures.downloads.public_addresses import checked_address, connect
from unco.tools.pictures.load import read_picture_bytes

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("open", "open-too", "closed"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (3, 3)).save(tmp_path / name / "a.png")
    (tmp_path / "open" / "link.png").symlink_to(tmp_path / "closed" / "a.png")
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", f"{tmp_path / 'open'}{os.pathsep}")
    return tmp_path


def test_a_path_inside_is_opened(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_picture_bytes(str(folders / "open" / "a.png"), NOBODY)
    monkeypatch.chdir(folders / "open")
    assert read_picture_bytes("a.png", NOBODY)
    monkeypatch.delenv("UNCO_PICTURE_ROOTS")
    assert read_picture_bytes(str(folders / "closed" / "a.png"), NOBODY)


@pytest.mark.parametrize(
    "path",
    ["closed/a.png", "open/../closed/a.png", "open/link.png", "open-too/a.png", "closed/none.png", "/etc/passwd"],
)
def test_a_path_that_leads_out_is_refused_without_a_hint(folders: Path, path: str) -> None:
    with pytest.raises(PictureError, match="local pictures are read from the folders of UNCO_PICTURE_ROOTS only"):
        read_picture_bytes(str(folders / path), NOBODY)


def test_an_empty_list_opens_nothing(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", "")
    with pytest.raises(PictureError, match="hand in a data: URL"):
        read_picture_bytes(str(folders / "open" / "a.png"), NOBODY)
    with pytest.raises(PictureError, match="cannot read"):
        read_picture_bytes("a\0b", NOBODY)


def leading_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leading_to(monkeypatch, "93.184.216.34", address)
    with pytest.raises(PictureError, match="is no public address"):
        read_picture_bytes("http://pictures.example/a.png", frozenset({"pictures.example"}))


def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once: a second look could give another address."""
    asked: list[Any] = []
    leading_to(monkeypatch, "93.184.216.34")
    monkeypatch.setattr(socket, "create_connection", lambda address, *_: asked.append(address))
    connect(("pictures.example", 80), 3.0, None)
    assert asked == [("93.184.216.34", 80)]


def test_an_address_in_numbers_was_allowed_as_such() -> None:
    assert checked_address("127.0.0.1", 80) == "127.0.0.1"
    assert checked_address("::1", 80) == "::1"
