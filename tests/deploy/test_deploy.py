"""The files of deploy/ name what there is, and the image's command runs as its user, all without Docker."""

import re
import shlex
import tomllib
from typing import Any

import pytest
import typer
import yaml

from tests.deploy.rehearsal import ROOT, image, instructions, interpreter, last, serve
from unco.cli import app
from unco.environment import VARIABLES
from unco.tools.box_frames.families import frame_for
from unco.tools.llm_settings import mllm_from_env

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
[SKETCH] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "deploy.md").read_text("utf-8"), re.DOTALL)
POD: dict[str, Any] = next(yaml.safe_load_all(SKETCH))["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]
COMMANDS: dict[str, list[str]] = {
    "image": yaml.safe_load(last("CMD")),
    "compose": COMPOSE["services"]["unco"]["command"],
    "kubernetes": CONTAINER["args"],
}


@pytest.mark.parametrize("where", COMMANDS)
def test_a_command_has_options_that_there_are(where: str) -> None:
    command, *options = COMMANDS[where]
    typer.main.get_command(app).commands[command].make_context(command, options)  # type: ignore[attr-defined]


def test_the_image_is_made_of_files_and_extras_that_there_are() -> None:
    copied = [name for instruction, rest in instructions() if instruction == "COPY" for name in rest.split()[:-1]]
    seen = set((ROOT / "deploy" / "Dockerfile.dockerignore").read_text("utf-8").split())
    assert all((ROOT / name).exists() and f"!{name}" in seen for name in copied)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    [installed] = [rest for instruction, rest in instructions() if instruction == "RUN" and "--constraint" in rest]
    assert set(re.findall(r"\[(.*)\]", installed)[0].split(",")) <= set(extras)


def test_settings_are_those_that_there_are_and_name_an_mllm(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, str] = COMPOSE["services"]["unco"]["environment"]
    named = {entry["name"]: entry.get("value", "") for entry in CONTAINER["env"]}
    in_image = dict(word.split("=", 1) for word in shlex.split(last("ENV")))
    for name in (*settings, *named, *in_image):
        assert name in VARIABLES.values() or name in ("PGPASSWORD", "HOME", "LOGNAME")
    for given in (settings, named):
        for name in ("UNCO_LLM_BASE_URL", "UNCO_LLM_MODEL"):
            monkeypatch.setenv(name, given[name])
        assert mllm_from_env().configured
        assert frame_for(given["UNCO_LLM_MODEL"])


def test_probes_ask_what_there_is_and_writable_folders_are_those_of_the_image() -> None:
    probes = {CONTAINER[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert probes == {"/health/ready", "/health/live"}
    user = int(last("USER").partition(":")[0])
    assert POD["securityContext"]["runAsUser"] == user
    mounted = {mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    assert mounted == {"/etc/unco", "/tmp", last("VOLUME")}


@pytest.mark.slow
def test_the_images_command_runs_as_its_user_who_may_write_to_its_folder_alone() -> None:
    python = interpreter()
    if python is None:
        pytest.skip("a user without rights can run no Python of this version")
    with image(python, whole=False) as made:
        if made.run_as_user([str(made.programs / "python"), "-c", "import unco"]).wait():
            pytest.skip("a user without rights cannot read this checkout or its packages")
        result: Any = serve(made)
    assert {entity["text"] for entity in result["entities"]} == {"Eileen Collins", "NASA"}
