"""The recipes of CONTRIBUTING.md, applied to a copy of the package and run there."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAX_FILES_OF_A_CORRECTOR = 6


@dataclass(frozen=True)
class Block:
    """One block of a recipe."""

    file: str
    """Where it belongs; empty = nowhere, it is to be run."""
    language: str
    text: str


def blocks_of(title: str) -> list[Block]:
    """Read the blocks under a heading, each with the file that was named last."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    found, file = [], ""
    for name, language, text in re.findall(r"^(?:New f|F)ile `([^`]+)`|^```(\w+)\n(.*?)^```$", section, re.M | re.S):
        if name:
            file = name
        else:
            found.append(Block(file, language, text))
    return found


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package; the checkpoint is the same file."""
    checkpoint = ROOT / "unco" / "small_model" / "checkpoint"
    shutil.copytree(ROOT / "unco", tmp_path / "unco", ignore=shutil.ignore_patterns("checkpoint", "__pycache__"))
    (tmp_path / "unco" / "small_model" / "checkpoint").symlink_to(checkpoint)
    shutil.copy(checkpoint.with_suffix(".py"), tmp_path / "unco" / "small_model" / "checkpoint.py")
    return tmp_path


def apply(blocks: list[Block], folder: Path) -> set[str]:
    """Write new files and patch existing ones; return the files that were touched."""
    for block in blocks:
        path = folder / block.file
        if block.language == "diff":
            lines = block.text.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] != "+")
            after = "".join(line[1:] for line in lines if line[0] != "-")
            text = path.read_text("utf-8")
            assert text.count(before) == 1, f"{block.file} no longer has, just once:\n{before}"
            path.write_text(text.replace(before, after), "utf-8")
        else:
            assert not path.exists(), f"{block.file} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
    return {block.file for block in blocks}


def run(code: str, *folders: Path, **variables: str) -> str:
    """Run code in a new process that finds modules in these folders first; return what it prints."""
    environment = {"PYTHONPATH": ":".join(map(str, (*folders, ROOT))), "PATH": "", "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folders[0], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


ASK = """
from tests.scripted import ANN, ScriptedLlm, doubt, graph_of, says, spoken
from unco.context import Context
llm = ScriptedLlm(SCRIPT)
graph = graph_of(says((ANN, "ORG", None, doubt("DOUBT"))), llm)
"""


def ask(script: str, unsure_of: str = "") -> str:
    return ASK.replace("SCRIPT", script).replace("DOUBT", unsure_of)


def test_a_version_of_a_prompt(tmp_path: Path) -> None:
    assert apply(blocks_of("A version of a prompt"), tmp_path) == {"type/short.yaml"}
    script = '{("type", "Ann"): spoken(corrected_type="PER")}'
    code = ask(script, "type") + (
        "result = graph.invoke({'text': 'Ann plays'}, context=Context(type_prompt='short'))\n"
        "note = result['entities'][0]['corrections'][1]\n"
        "print(note['prompt'], note['outcome'], note['after'], 'twice' in llm.asked[0].request.system)"
    )
    assert run(code, tmp_path, UNCO_PROMPTS=str(tmp_path)) == "type/short changed PER True\n"


def test_a_corrector(package: Path) -> None:
    touched = apply(blocks_of("A corrector"), package)
    assert len(touched) <= MAX_FILES_OF_A_CORRECTOR
    script = '{("link", "Ann"): [spoken(corrected_link="Q42"), spoken(corrected_link="Ann")]}'
    code = ask(script) + (
        "import unco\n"
        "print(unco.__file__.startswith(CWD))\n"
        "outcomes = []\n"
        "for threshold in (None, 0.5, 0.5):\n"
        "    context = Context(link_threshold=threshold)\n"
        "    note = graph.invoke({'text': 'Ann plays'}, context=context)['entities'][0]['corrections'][3]\n"
        "    outcomes.append((note['attribute'], note['outcome'], note['after']))\n"
        "print(outcomes)\n"
        "print([asked.request.prompt for asked in llm.asked])\n"
        "drawing = graph.get_graph(xray=True).draw_mermaid()\n"
        "print(sum('correct_link' in line and '-.' in line for line in drawing.splitlines()))\n"
    ).replace("CWD", repr(str(package)))
    is_copy, outcomes, prompts, drawing = run(code, package).splitlines()
    assert is_copy == "True", "the copy is what runs"
    assert outcomes == "[('link', 'skipped', None), ('link', 'changed', 'Q42'), ('link', 'rejected', None)]"
    assert prompts == "['link/v1', 'link/v1']"
    assert drawing == "4", "edges from the start and from each corrector"


def test_the_box_frame_of_a_family(package: Path) -> None:
    assert apply(blocks_of("A family's box frame"), package) == {"unco/tools/box_frames/families.py"}
    code = "from unco.tools.box_frames.families import frame_for\nprint(frame_for('AIDC-AI/Ovis2-8B').name)"
    assert run(code, package) == "0-1\n"


def test_another_small_model(tmp_path: Path) -> None:
    (block,) = blocks_of("Another small model")
    assert block.file == "", "it touches no file of unco"
    code = block.text + "\nprint([(entity['text'], entity['type']) for entity in result['entities']])"
    assert run(code, tmp_path) == "[('NASA', 'NAME'), ('ESA', 'NAME')]\n"


def test_a_score(package: Path) -> None:
    touched = apply(blocks_of("A score"), package)
    assert touched == {"unco/evals/metrics/strict_boxes.py", "unco/evals/metrics/protocols.py"}
    code = """
from dataclasses import dataclass
from unco.evals.metrics.protocols import evaluate
from unco.types import Box, GoldEntity, GoldPost, Span

@dataclass(frozen=True)
class Found:
    span: Span
    type: str
    region: Box | None

gold = [GoldPost("1", ("Ann", "plays"), (GoldEntity(Span(0, 1), "PER", (Box(0, 0, 10, 10),)),), (100, 100))]
for width in (9, 6):  # IoU 0.9 and 0.6
    found = [[Found(Span(0, 1), "PER", Box(0, 0, width, 10))]]
    scores = [evaluate(gold, found, rule).tasks["GMNER"].f1 for rule in ("paper", "strict-boxes")]
    print(scores, evaluate(gold, found, "strict-boxes").tasks["MNER"].f1)
"""
    assert run(code, package).splitlines() == ["[1.0, 1.0] 1.0", "[1.0, 0.0] 1.0"]
