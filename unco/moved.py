"""Module paths of version 0.1.0 that programs outside of unco import: they work, with a warning, until version 0.3."""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED: dict[str, tuple[str, ...]] = {
    "unco.evals.export": ("unco.evals.review.export",),
    "unco.evals.formats.recognise": ("unco.evals.formats.detect_format",),
    "unco.prompts.placeholders": ("unco.prompts.specs",),
    "unco.small_model.clip_features": ("unco.small_model.regions.clip_features",),
    "unco.small_model.detectors": ("unco.small_model.regions.detectors",),
    "unco.tools.cache": ("unco.tools.llm.cache.store",),
    "unco.tools.call_settings": ("unco.tools.llm_settings",),
    "unco.tools.extractor": (
        "unco.tools.extraction.extractor",
        "unco.tools.extraction.call",
        "unco.tools.extraction.text",
        "unco.tools.pictures.view",
    ),
    "unco.tools.frame_families": ("unco.tools.box_frames.families",),
    "unco.tools.frames": ("unco.tools.box_frames.frame",),
    "unco.tools.picture_bytes": (
        "unco.tools.pictures.load",
        "unco.tools.pictures.downloads.download",
        "unco.tools.pictures.data_urls",
    ),
    "unco.tools.prices": ("unco.tools.llm.prices",),
    "unco.tools.small_model": ("unco.tools.extraction.tool",),
}
"""Old module path -> the modules that have its names now; the first that has a name counts."""

_FIELDS_OF_PROMPTS = ("REQUIRED", "OPTIONAL")
"""Tables of `unco.prompts.placeholders` that are fields of `PROMPTS` now."""


class MovedModules(MetaPathFinder, Loader):
    """Finds a module by its old path, after all else has failed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for an old path; None for any other."""
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        """Warn, and let the module look its names up in its successors."""
        now = MOVED[module.__name__]
        warnings.warn(f"{module.__name__} is now {', '.join(now)}", DeprecationWarning, stacklevel=6)
        found = [import_module(name) for name in now]

        def look_up(name: str) -> Any:
            for successor in found:
                if hasattr(successor, name):
                    return getattr(successor, name)
            if name in _FIELDS_OF_PROMPTS and hasattr(found[0], "PROMPTS"):
                return {prompt: getattr(spec, name.lower()) for prompt, spec in found[0].PROMPTS.items()}
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}: see {', '.join(now)}")

        module.__dict__["__getattr__"] = look_up


def install() -> None:
    """Install the finder for old paths, behind all others; once in a process."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
