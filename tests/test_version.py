"""The version: as an attribute, as an option, and however the command line is started."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import unco

ROOT = Path(__file__).parents[1]
LINE = f"unco {version('unco')}\n"


def test_the_package_says_its_version() -> None:
    assert unco.__version__ == version("unco")


def test_importing_unco_does_not_look_the_version_up() -> None:
    code = "import unco; print('__version__' in vars(unco))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


@pytest.mark.parametrize("module", ["unco", "unco.cli"])
def test_both_modules_run_the_command_line(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, LINE, "")


def test_a_command_after_version_is_not_run() -> None:
    arguments = [sys.executable, "-m", "unco", "--version", "demo"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, LINE)


def test_the_oldest_versions_that_are_tested_are_the_oldest_that_are_allowed() -> None:
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    lines = (ROOT / "constraints-oldest.txt").read_text("utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    bounds = {
        wanted.name: next(Version(one.version) for one in wanted.specifier if one.operator == ">=")
        for wanted in map(Requirement, allowed)
    }
    assert {name: Version(number) for name, number in tested.items()} == bounds


def test_ci_tests_with_the_oldest_versions() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert re.search(r"pip install --constraint constraints-oldest\.txt \. ", workflow)
