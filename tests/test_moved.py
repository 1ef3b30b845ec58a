"""Module paths that programs outside of unco import still work, and say where their names are now."""

import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from unco.moved import MOVED
from unco.tools.extraction.tool import default_extractor
from unco.tools.pictures.view import view_picture


@pytest.mark.parametrize("path", MOVED)
def test_an_old_path_gives_the_names_of_the_new_ones(path: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"^{path} is now {MOVED[path][0]}"):
        old = import_module(path)
    new = import_module(MOVED[path][0])
    names = [name for name in vars(new) if not name.startswith("_")]
    assert names
    assert all(getattr(old, name) is getattr(new, name) for name in names)
    with pytest.raises(AttributeError, match=f"module '{path}' has no attribute 'nonsense': see {MOVED[path][0]}"):
        _ = old.nonsense


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Forget the modules that were imported by an old path, before a test and after it."""
    _forget_all()
    yield
    _forget_all()


def _forget_all() -> None:
    for path in MOVED:
        sys.modules.pop(path, None)
        room, _, name = path.rpartition(".")
        vars(sys.modules.get(room, sys)).pop(name, None)


def test_names_can_be_imported_from_an_old_path() -> None:
    with pytest.warns(DeprecationWarning, match="is now"):
        from unco.tools.extractor import view_picture as by_old_path  # type: ignore[import-not-found]
    with pytest.warns(DeprecationWarning, match="is now"):
        from unco.tools import small_model  # type: ignore[attr-defined]
    assert by_old_path is view_picture
    assert small_model.default_extractor is default_extractor


def test_rooms_have_doors() -> None:
    from unco.tools.llm import Mllm
    from unco.tools.pictures import open_picture

    assert Mllm.__module__ == "unco.tools.llm.client"
    assert open_picture.__module__ == "unco.tools.pictures.decode"
    with pytest.raises(ImportError):
        from unco.tools.llm import nonsense  # noqa: F401


def test_another_module_is_as_missing_as_ever() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'unco.tools.nonsense'"):
        import_module("unco.tools.nonsense")


def test_tables_that_became_fields_are_still_there() -> None:
    with pytest.warns(DeprecationWarning, match="is now unco.prompts.specs"):
        from unco.prompts.placeholders import OPTIONAL, REQUIRED  # type: ignore[import-not-found]
    assert REQUIRED["generate"] == {"text", "labels", "frame", "demonstrations"}
    assert OPTIONAL["type"] == {"neighbours", "facts"}
