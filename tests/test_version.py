"""The version: as an attribute, as an option, and however the command line is started."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import unco

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
