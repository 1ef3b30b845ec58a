"""Build the wheel, install it away from the source tree, and use it there: a file that was left out is found here."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

USE = """
import unco, sys
assert unco.__file__.startswith(sys.argv[1]), unco.__file__
from unco.prompts import available_prompts, changed_prompts
from unco.demo.posts import RECORDING, read_posts
assert len(available_prompts()) >= 3 and not changed_prompts()
assert RECORDING.is_file() and all(post.image.is_file() for post in read_posts())
from unco.evals.report.page import render_page
assert "unco report" in render_page({"posts": []})
result = unco.extract("Grace Hopper joined the US Navy .", context=unco.Context(mode="off"))
assert [entity.text for entity in result.entities], result
print("wheel works:", ", ".join(f"{entity.text} ({entity.type})" for entity in result.entities))
"""


def main() -> None:
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(root)], check=True)
        (wheel,) = Path(folder).glob("unco-*.whl")
        names = ZipFile(wheel).namelist()
        assert "unco/py.typed" in names
        assert {f"unco/small_model/regions/retinaface/{name}" for name in ("model.onnx", "LICENSE")} <= set(names)
        assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"unco"}, "others are no part"
        target = Path(folder).resolve() / "site"
        subprocess.run([*pip, "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)], check=True)
        environment = {**os.environ, "PYTHONPATH": str(target)}
        subprocess.run([sys.executable, "-c", USE, str(target)], check=True, cwd=folder, env=environment)


if __name__ == "__main__":
    main()
