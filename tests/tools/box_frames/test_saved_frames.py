import json

import pytest

from unco.context import Context
from unco.errors import SettingsError, SetupError
from unco.nodes.settings import current_frame
from unco.tools.box_frames.saved import frames_file, save_frame, saved_frame
from unco.tools.llm.client import Mllm

URL = "http://127.0.0.1:1/v1"


def test_a_frame_is_saved_by_endpoint_and_model() -> None:
    assert saved_frame(URL, "mystery-1") is None
    path = save_frame(URL, "mystery-1", "0-1")
    save_frame(URL + "/", "mystery-2", "pixels")
    assert json.loads(path.read_text("utf-8")) == {URL: {"mystery-1": "0-1", "mystery-2": "pixels"}}
    assert [entry.name for entry in path.parent.iterdir()] == ["frames.json"]
    assert saved_frame(URL, "mystery-1") == "0-1"
    assert saved_frame("http://127.0.0.1:2/v1", "mystery-1") is None


def test_no_password_is_saved() -> None:
    path = save_frame("http://ann:secret@127.0.0.1:1/v1", "mystery-1", "0-1")
    assert "secret" not in path.read_text("utf-8")
    assert saved_frame("http://ann:secret@127.0.0.1:1/v1", "mystery-1") == "0-1"  # pragma: allowlist secret


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', "\xff"])
def test_a_broken_file_counts_as_empty(content: str, caplog: pytest.LogCaptureFixture) -> None:
    frames_file().parent.mkdir(parents=True)
    frames_file().write_text(content, "latin-1")
    assert saved_frame(URL, "mystery-1") is None
    assert "frames.json" in caplog.text


def test_a_folder_that_cannot_be_written_says_so() -> None:
    frames_file().parent.parent.mkdir(parents=True, exist_ok=True)
    frames_file().parent.write_text("a file")
    with pytest.raises(SetupError, match="cannot be written"):
        save_frame(URL, "mystery-1", "0-1")


def test_context_then_endpoint_then_probe_then_family() -> None:
    llm = Mllm(URL, "gemini-2.5-pro", frame="0-999")
    save_frame(URL, "gemini-2.5-pro", "0-1000")
    assert current_frame(Context(frame="pixels"), llm).name == "pixels"
    assert current_frame(Context(), llm).name == "0-999"
    llm.frame = None
    assert current_frame(Context(), llm).name == "0-1000"
    assert current_frame(Context(model="gemini-2.0-flash"), llm).name == "0-1000-yx"
    with pytest.raises(SettingsError, match="probe-frame"):
        current_frame(Context(model="mystery-1"), llm)
