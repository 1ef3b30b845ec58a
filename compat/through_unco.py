"""Runs `unco doctor`, `unco probe-frame` and `unco run` against a server, as a user would, and counts what came."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from compat.posts import write_posts
from compat.servers import Server

EVERYTHING = ["--at-once", "2", "--span-threshold", "-1", "--type-threshold", "-1", "--region-threshold", "-1"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the three commands said."""

    doctor: dict[str, str]
    """State of each check, by its name."""
    frame: str
    """What the probe found, or why it found none."""
    run_code: int
    outcomes: dict[str, int]
    """Questions by outcome."""


def run_unco(server: Server, folder: Path) -> Seen:
    """Run all three."""
    settings = folder / "unco.yaml"
    own = {"max_tokens": server.max_tokens, "frame": server.frame}
    model = {"model": server.model, "base_url": server.base_url, "timeout_s": 120.0, "deadline_s": 300.0}
    settings.write_text(json.dumps({"models": [model | {name: value for name, value in own.items() if value}]}))
    environment = {"UNCO_SETTINGS": str(settings), "UNCO_CACHE_DIR": str(folder / "cache")}
    doctor = _unco(environment, "doctor", "--json")
    probe = _unco(environment, "probe-frame", "--out", str(folder / "frames.json"))
    run = _unco(environment, "run", str(write_posts(folder)), "--out", str(folder / "out.jsonl"), *EVERYTHING)
    checks = json.loads(doctor.stdout)
    return Seen(
        {check["name"]: check["state"] for check in checks},
        json.loads((folder / "frames.json").read_text())["frame"] or probe.stderr.strip().splitlines()[-1],
        run.returncode,
        _outcomes(folder / "out.jsonl"),
    )


def _unco(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "unco", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)


def _outcomes(path: Path) -> dict[str, int]:
    posts = map(json.loads, path.read_text("utf-8").splitlines())
    entities = (entity for post in posts for entity in post["entities"])
    return dict(Counter(correction["outcome"] for entity in entities for correction in entity["corrections"]))
