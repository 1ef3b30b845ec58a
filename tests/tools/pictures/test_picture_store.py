"""The picture store: inline pictures are stored once and found by their reference."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from stat import S_IFDIR, S_IFLNK

import pytest
from PIL import Image

from tests.pictures import as_bytes
from unco.errors import PictureError, SetupError
from unco.tools.pictures.decode import open_picture
from unco.tools.pictures.store import store_picture, stored_picture


def drawing(colour: str) -> bytes:
    return as_bytes(Image.new("RGB", (40, 30), colour))


def test_a_stored_picture_is_found_and_opened() -> None:
    reference = store_picture(drawing("red"))
    assert store_picture(drawing("red")) == reference != store_picture(drawing("blue"))
    assert stored_picture(reference) == drawing("red")
    picture = open_picture(reference)
    assert (picture.info.ref, picture.info.width, picture.image.getpixel((0, 0))) == (reference, 40, (255, 0, 0))


@pytest.mark.parametrize("reference", ["data:sha256," + "0" * 64, "data:sha256,../../secret", "data:sha256,", "a.png"])
def test_a_picture_that_is_not_stored_is_not_found(reference: str) -> None:
    assert stored_picture(reference) is None


def test_a_file_that_was_changed_is_not_the_picture(tmp_path: Path) -> None:
    reference = store_picture(drawing("red"))
    (kept,) = (tmp_path / "cache" / "pictures").iterdir()
    kept.write_bytes(drawing("blue"))
    assert stored_picture(reference) is None
    with pytest.raises(PictureError, match="hand in the picture itself again"):
        open_picture(reference)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(SetupError, match="UNCO_CACHE_DIR"):
        store_picture(drawing("red"))


@pytest.mark.parametrize("home", ["none", "read-only"])
def test_without_a_cache_that_can_be_written_it_is_kept_among_temporary_files(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "file").write_text("in the way")
    monkeypatch.delenv("UNCO_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless if home == "none" else lambda: tmp_path / "file")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    reference = store_picture(drawing("red"))
    assert stored_picture(reference) == drawing("red")
    (folder,) = tmp_path.glob("unco-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    assert stored_picture(reference) is None
    with pytest.raises(SetupError, match="UNCO_CACHE_DIR"):
        store_picture(drawing("red"))


@pytest.mark.parametrize("user", [0, 1])
@pytest.mark.parametrize(("kind", "owner"), [(S_IFDIR | 0o700, "other"), (S_IFDIR | 0o777, "own"), (S_IFLNK, "own")])
def test_no_folder_among_temporary_files_is_taken_that_others_read(
    user: int, kind: int, owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = os.stat_result((kind, 0, 0, 1, user if owner == "own" else user + 1, 0, 0, 0, 0, 0))
    monkeypatch.setenv("UNCO_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: user)
    monkeypatch.setattr(Path, "lstat", lambda _: found)
    with pytest.raises(SetupError, match=rf"unco-{user} is not this user's alone; set UNCO_CACHE_DIR"):
        store_picture(drawing("red"))
    assert stored_picture("data:sha256," + sha256(drawing("red")).hexdigest()) is None
    assert not (tmp_path / f"unco-{user}" / "pictures").exists()


def test_a_picture_that_cannot_be_stored_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(SetupError, match="inline pictures cannot be kept: .*No space left"):
        store_picture(b"bytes")
    assert list((tmp_path / "pictures").iterdir()) == []
