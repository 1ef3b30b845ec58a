"""Rehearses deploy/Dockerfile without Docker: its lines one after another, in a folder that stands for the image.

`python -m tests.deploy.rehearsal` runs all of them, with packages from the index. As with `docker build --build-arg`,
the environment may name another TORCH_INDEX. A test starts the service with the packages that are there already.
"""

import json
import os
import re
import shlex
import shutil
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.langgraph_server import free_port, stop
from unco.serving.accounts.tokens import make_token

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
POST = {"text": "Eileen Collins flew for NASA"}
START_S = 180.0


def instructions() -> list[tuple[str, str]]:
    """Read the Dockerfile: name and rest of each instruction."""
    lines = DOCKERFILE.read_text("utf-8").replace("\\\n", " ").splitlines()
    found = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in found]


def last(name: str) -> str:
    """Return the rest of the last instruction of a name."""
    return [rest for given, rest in instructions() if given == name][-1]


@dataclass
class Image:
    """A folder that stands for the image, and what the instructions so far have set."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    folder: Path = Path("/")

    @property
    def programs(self) -> Path:
        """Folder of `python`, `pip` and `unco`."""
        return self.root / "venv" / "bin"

    def inside(self, text: str) -> str:
        """Replace each folder of the image in a text by that within its root."""
        return re.sub(r"(?<![\w/])/(opt|var|etc)/", rf"{self.root}/\1/", text)

    def environment(self) -> dict[str, str]:
        """Return the environment of a process: nothing but what the image sets."""
        return {"PATH": f"{self.programs}:/usr/bin:/bin", **self.settings}

    def take(self, name: str, rest: str) -> None:
        """Carry out an instruction; those that only say something are passed over."""
        match name:
            case "ENV":
                pairs = (word.split("=", 1) for word in shlex.split(rest))
                self.settings |= {key: self.inside(value) for key, value in pairs}
            case "WORKDIR":
                self.folder = Path(self.inside(f"{rest}/"))
                self.folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, target = rest.split()
                for source in sources:
                    _copy(ROOT / source, self.folder / target)
            case "RUN":
                given = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
                index = next(rest for name, rest in instructions() if name == "ARG").partition("=")[2]
                given["TORCH_INDEX"] = os.environ.get("TORCH_INDEX", index)
                command = ["/bin/sh", "-c", self.inside(rest)]
                subprocess.run(command, cwd=self.folder, env=given | self.environment(), check=True)

    def run_as_user(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """Start a process as the image's user, where this one may choose."""
        return subprocess.Popen(command, cwd=self.folder, env=self.environment(), **_rights())


def _rights() -> dict[str, Any]:
    user, _, group = last("USER").partition(":")
    return {"user": int(user), "group": int(group), "extra_groups": []} if os.getuid() == 0 else {}


def interpreter() -> str | None:
    """Find a Python of this version that the image's user can run, too; None = there is none."""
    check = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for path in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        with suppress(OSError):
            if not subprocess.run([path, "-c", check], cwd="/", **_rights()).returncode:
                return path
    return None


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copy(source, target if target.name == source.name else target / source.name)


@contextmanager
def image(python: str, whole: bool) -> Iterator[Image]:
    """Make the image.

    Args:
        python: that its environment begins with.
        whole: whether packages are installed; else they are those of this process.
    """
    with tempfile.TemporaryDirectory(prefix="unco-image-") as name:
        made = Image(Path(name))
        made.root.chmod(0o755)
        options = [] if whole else ["--without-pip"]
        subprocess.run([python, "-m", "venv", *options, str(made.programs.parent)], check=True)
        if not whole:
            _lend(made.programs)
        for instruction, rest in instructions():
            if whole or instruction in ("ENV", "WORKDIR") or rest.startswith("install -d"):
                made.take(instruction, rest)
        yield made


def _lend(programs: Path) -> None:
    """Let an environment use the packages of this process, and make the command."""
    [packages] = (programs.parent / "lib").glob("python*/site-packages")
    (packages / "lent.pth").write_text("\n".join([str(ROOT), *site.getsitepackages()]), "utf-8")
    command = programs / "unco"
    command.write_text(f"#!{programs}/python\nfrom unco.cli import main\nmain()\n", "utf-8")
    command.chmod(0o755)


def serve(made: Image) -> dict[str, object]:
    """Start the image's command as its user, ask for its health and send a post; return the post's result."""
    tokens = Path(made.inside("/etc/unco/tokens.yaml"))
    token = make_token(tokens, "rehearsal", None, None, None)
    tokens.chmod(0o644)  # it holds hashes only
    port = str(free_port())
    command = [*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD")), "--port", port]
    service = made.run_as_user([made.inside(word) for word in command])
    try:
        health = json.loads(last("HEALTHCHECK").partition(" CMD ")[2].replace("8000", port))
        end = time.monotonic() + START_S
        while made.run_as_user(health).wait():
            if service.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the service does not start")
            time.sleep(1.0)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{port}/extract"
        with urlopen(Request(url, json.dumps(POST).encode(), headers), timeout=60) as answer:
            result: dict[str, object] = json.load(answer)
        return result
    finally:
        stop(service)


if __name__ == "__main__":
    python = interpreter()
    if python is None:
        sys.exit("the image's user can run no Python of this version")
    with image(python, whole=True) as made:
        result = serve(made)
        sys.stdout.write(json.dumps(result["entities"], indent=1) + "\n")
