"""A checkpoint that reads visual features, in every command: tiny BART, tiny CLIP, files as of VinVL on disk."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.small_model.regions.tiny_vision import noise, save_clip
from tests.small_model.saved_models import save
from tests.training.made_data import COUNTS, write_data
from unco.cli import app
from unco.errors import SettingsError
from unco.graph import reset
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.regions.region import Region, with_whole_picture
from unco.small_model.regions.region_files import write_region_file
from unco.training.recipe import recipe_path
from unco.types import Box

SIZE = (200, 100)
NO_FILE = "dev3"
"""A picture whose region file is missing."""


def unco(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module", params=["gmner-paper", "gmner-paper-literal"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, pictures, boxes as of VinVL, features of them by CLIP, and a checkpoint trained on these."""
    folder = tmp_path_factory.mktemp("visual")
    write_data(folder / "data", fine=False)
    save(folder / "bart", "bart")
    save_clip(folder / "clip")
    for name in ("pictures", "vinvl"):
        (folder / name).mkdir()
    for post in (f"{split}{index}" for split, count in COUNTS.items() for index in range(count)):
        noise(SIZE).save(folder / "pictures" / f"{post}.png")
        boxes = (Box(12, 8, 58, 92), Box(100, 20, 180, 80))
        regions = with_whole_picture([Region(box, "person") for box in boxes], SIZE)
        write_region_file(folder / "vinvl" / f"{post}.npz", regions, SIZE)
    looked = unco(
        *("regions", "--pictures", folder / "pictures", "--boxes", folder / "vinvl"),
        *("--features", folder / "clip", "--out", folder / "regions"),
    )
    assert looked.exit_code == 0, looked.output
    (folder / "regions" / f"{NO_FILE}.png.npz").unlink()
    quick = {
        "start_from": str(folder / "bart"),
        "epochs": 12 if request.param == "gmner-paper-literal" else 4,
        "batch_size": 4,
        "encoder_lr": 1e-3,
        "new_lr": 2e-3,
    }
    paper = yaml.safe_load(recipe_path(request.param).read_text())
    (folder / "paper.yaml").write_text(yaml.safe_dump({**paper, **quick, "bf16": False}))
    trained = unco(
        *("train", "--gold", folder / "data", "--regions", folder / "regions"),
        *("--recipe", folder / "paper.yaml", "--out", folder / "run"),
    )
    assert trained.exit_code == 0, trained.output
    assert "1 of 16 posts have no region file" in " ".join(trained.output.split())
    (folder / "profile.yaml").write_text("{}\n")
    posts = [{"id": "dev0", "text": "Ann Lee met Owls here", "image": str(folder / "pictures" / "dev0.png")}]
    posts.append({"id": NO_FILE, "text": "Ann Lee met Owls here", "image": str(folder / "pictures" / f"{NO_FILE}.png")})
    (folder / "posts.jsonl").write_text("".join(json.dumps(post) + "\n" for post in posts))
    return folder


@pytest.mark.slow
def test_scores_are_computed_with_the_regions(made: Path) -> None:
    model = made / "run" / "checkpoint"
    config = from_pretrained(model).network.config
    assert (config.visual_features, config.featuriser) == (24, str(made / "clip"))
    scored = unco("score-model", "--gold", made / "data", "--regions", made / "regions", "--checkpoint", model)
    assert scored.exit_code == 0, scored.output
    report = json.loads((model / "config.json").read_text())["origin"]["report"]
    found = report["test"]["schemes"]["gmner"]
    assert f"{100 * found['f1']:.2f}" in scored.output, "the card's score"


@pytest.mark.slow
def test_every_command_takes_region_files(made: Path) -> None:
    model, files = ("--checkpoint", made / "run" / "checkpoint"), ("--regions", made / "regions")
    data = ("--gold", made / "data", "--profile", made / "profile.yaml", "--posts", 2)
    picture = ("--image", made / "pictures" / "dev0.png")
    for command in (
        ("extract", "Ann Lee met Owls here", *picture, *model, *files),
        ("run", made / "posts.jsonl", *model, *files, "--out", made / "run.jsonl"),
        ("compare", *data, *model, *files, "--arm", "span_threshold=0.3", "--arm", "span_threshold=0.9"),
        ("tune", *data, *model, *files, "--out", made / "policy.yaml"),
        ("reproduce", "table1", *data, *model, *files),
    ):
        result = unco(*command)
        assert result.exit_code == 0, (command, result.output)
    [first, second] = [json.loads(line) for line in (made / "run.jsonl").read_text("utf-8").splitlines()]
    assert not any("region file" in warning for warning in first["warnings"])
    assert any("no region file" in warning for warning in second["warnings"])


@pytest.mark.slow
def test_the_encoder_that_a_checkpoint_names_looks_at_other_pictures(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made / "run" / "checkpoint"
    command = ("extract", "Ann Lee met Owls here", "--image", made / "pictures" / "dev0.png", "--checkpoint")
    looked = unco(*command, model)
    assert looked.exit_code == 0, looked.output
    other = made / "unnamed"
    other.mkdir()
    for file in model.iterdir():
        text = file.read_bytes()
        other.joinpath(file.name).write_bytes(text.replace(json.dumps(str(made / "clip")).encode(), b'""'))
    blind = unco(*command, other)
    assert isinstance(blind.exception, SettingsError)
    assert "give the folder of its region files" in str(blind.exception)
    monkeypatch.setenv("UNCO_REGIONS", str(made / "regions"))
    reset()  # the graph was made before the variable was set
    read = unco(*command, other)
    assert read.exit_code == 0, read.output
