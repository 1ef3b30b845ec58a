"""ONNX Runtime, which runs the networks that look for faces and text."""

import os


def without_reports() -> None:
    """Keep it from reporting its use to its maker and from numbering this machine, unless the environment says so.

    To be called before it is imported. Source: Privacy.md in its package; reports are on by default since 1.32.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
