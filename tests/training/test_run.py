"""The training command from a data folder to a checkpoint with its card, on a tiny encoder saved by transformers."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
import yaml
from rich.console import Console
from typer.testing import CliRunner

from tests.small_model.saved_models import save
from tests.training.made_data import COUNTS, WORDS, add_pictures, write_data
from unco.cli import app
from unco.errors import DataError, SettingsError, SetupError
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.config import ESTIMATORS
from unco.small_model.model_input import ModelInput
from unco.training import run as run_training
from unco.training.compare_estimators import ESTIMATORS_FILE, measure_estimators, show_runs
from unco.training.ensemble import ENSEMBLES
from unco.training.examples.data_paths import DataPaths, make_input_builder, read_split
from unco.training.model_card import read_report, score_table
from unco.training.origin import short_name
from unco.training.recipe import recipe_path
from unco.training.score_checkpoint import score_checkpoint
from unco.training.show_report import show_report

ROOT = Path(__file__).parents[2]
OFFLINE = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data", fine=False)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    save(tmp_path / "encoder", "bert")
    return tmp_path / "encoder"


def recipe_file(folder: Path, encoder: Path, **changes: object) -> str:
    settings = {"name": "tiny", "start_from": str(encoder), "epochs": 1, "batch_size": 4, "bf16": False, **changes}
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(settings))
    return str(path)


def test_train_save_card_and_score_again(
    data: Path, encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, paths = tmp_path / "run", DataPaths(data)
    report = run_training.run_training(paths, recipe_file(tmp_path, encoder), out)
    assert report is not None
    assert report.test.posts == 4
    checkpoint = from_pretrained(out / "checkpoint")
    assert checkpoint.network.config.types == ("PER", "LOC", "ORG", "OTHER")
    card = (out / "checkpoint" / "README.md").read_text("utf-8")
    saved = json.loads((out / "checkpoint" / "config.json").read_text("utf-8"))
    assert read_report(saved) == report
    assert score_table(report) in card
    for text in (saved["origin"]["data_sha256"]["train"], "unco train --gold", "seed 1", "torch"):
        assert text in card
    assert set(saved["calibrations"]["gmner"]) == set(ESTIMATORS), "each estimator has its own scale"
    assert score_checkpoint(paths, out / "checkpoint") == report, "what was measured is what was saved"
    other = score_checkpoint(paths, out / "checkpoint", "mc_decoder")
    assert other.test.schemes == report.test.schemes, "dropout is for the uncertainty, the prediction stays"
    show_report(report, Console(width=120))
    assert "AUROC" in capsys.readouterr().out


def test_fine_types_are_trained_and_read_as_coarse_ones(encoder: Path, tmp_path: Path) -> None:
    paths = DataPaths(write_data(tmp_path / "fine", fine=True))
    recipe = recipe_file(tmp_path, encoder, labels="fmnerg", scheme="gmner")
    report = run_training.run_training(paths, recipe, tmp_path / "run")
    assert report is not None
    assert list(report.test.schemes) == ["gmner", "fmnerg", "fmnerg_coarse"]
    fine = from_pretrained(tmp_path / "run" / "checkpoint", "fmnerg")
    coarse = from_pretrained(tmp_path / "run" / "checkpoint")
    assert (len(fine.labels), len(coarse.labels)) == (51, 4)
    (found,), (others,) = fine.predict([ModelInput(WORDS)]), coarse.predict([ModelInput(WORDS)])
    assert [item.span for item in found] == [item.span for item in others]
    with pytest.raises(DataError, match="which the label scheme lacks.*another --recipe"):
        run_training.run_training(DataPaths(write_data(tmp_path / "data", fine=False)), recipe, tmp_path / "other")


@pytest.mark.slow
def test_estimators_are_measured_and_runs_averaged(
    data: Path, encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = []
    for seed in (1, 2):
        recipe = recipe_file(tmp_path, encoder)
        run_training.run_training(DataPaths(data), recipe, tmp_path / str(seed), changes=[f"seed={seed}"])
        folders.append(tmp_path / str(seed) / "checkpoint")
        measured = measure_estimators(DataPaths(data), folders[-1])
        assert set(measured) == set(ESTIMATORS)
        assert (folders[-1] / ESTIMATORS_FILE).is_file()
    alone = measure_estimators(DataPaths(data), folders[0])
    together = measure_estimators(DataPaths(data), folders[0], folders)
    assert {name: together[name] for name in alone} == alone, "an ensemble changes nothing of the others"
    assert set(together) == {*alone, *ENSEMBLES}
    seeds = [json.loads((folder / "config.json").read_text())["origin"]["recipe"]["seed"] for folder in folders]
    assert seeds == [1, 2]
    show_runs(folders, Console(width=160))
    shown = capsys.readouterr().out
    assert "2 runs: mean (standard deviation)" in shown
    assert "mc_encoder" in shown
    assert "ensemble_entropy" in shown
    with pytest.raises(DataError, match="give the checkpoint folders of finished runs"):
        show_runs([tmp_path / "nowhere"], Console())


@pytest.mark.slow
def test_the_commands(data: Path, encoder: Path, tmp_path: Path) -> None:
    """`unco train`, `unco score-model`, `unco estimators`, `unco runs`, and `unco extract` with the model made."""
    runner, out = CliRunner(), tmp_path / "run"
    common, checkpoint = ["--data", str(data)], str(out / "checkpoint")
    recipe = recipe_file(tmp_path, encoder)
    train = ["train", *common, "--out", str(out), "--recipe", recipe, "--seed", "3", "--set", "dropout=0.2"]
    for command in (
        train,
        [*train, "--resume"],
        ["score-model", *common, "--checkpoint", checkpoint, "--estimator", "mc_decoder"],
        ["estimators", *common, "--checkpoint", checkpoint],
        ["runs", checkpoint],
    ):
        result = runner.invoke(app, command)
        assert result.exit_code == 0, result.output
        assert "AUROC" in result.output
    recorded = json.loads((out / "checkpoint" / "config.json").read_text())["origin"]["recipe"]
    assert (recorded["seed"], recorded["dropout"]) == (3, 0.2)
    found = runner.invoke(app, ["extract", "--text", "Ann Lee", "--checkpoint", checkpoint, "--estimator", "entropy"])
    assert found.exit_code == 0, found.output


@pytest.mark.slow
def test_two_processes_train_one_model(data: Path, encoder: Path, tmp_path: Path) -> None:
    """As on two GPUs: each process takes every other batch, the first one scores and saves."""
    recipe, out = recipe_file(tmp_path, encoder), tmp_path / "run"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "unco.cli"]
    command = [*launch, "train", "--data", str(data), "--out", str(out), "--recipe", recipe]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=OFFLINE)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.count("AUROC wrong span") == 1, "one report"
    state = json.loads((out / "trainer" / "checkpoint-1" / "trainer_state.json").read_text())
    assert state["global_step"] == 1, "8 posts in batches of 4, two at a time"
    assert from_pretrained(out / "checkpoint").predict([ModelInput(WORDS)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "estimator", "epochs"), [("gmner-paper", "mc_decoder", 8), ("gmner-paper-literal", "mc_decoder_eq7", 20)]
)
def test_the_paper_s_parts_together(name: str, estimator: str, epochs: int, data: Path, tmp_path: Path) -> None:
    """BART, features of regions, captions, debiasing, decoder dropout: a tiny run of the paper's whole setting."""
    bart = tmp_path / "bart"
    save(bart, "bart")
    captions = tmp_path / "captions"
    captions.mkdir()
    for split, count in COUNTS.items():
        lines = [f"imgid:{split}{index}###a lawn" for index in range(count)]
        (captions / f"{split}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    paths = DataPaths(data, regions=add_pictures(tmp_path / "regions", 6), captions=captions)
    paper = yaml.safe_load(recipe_path(name).read_text())
    quick = {
        "start_from": str(bart),
        "epochs": epochs,
        "batch_size": 4,
        "encoder_lr": 1e-3,
        "new_lr": 2e-3,
        "bf16": False,
    }
    recipe = recipe_file(tmp_path, bart, **{**paper, **quick})
    report = run_training.run_training(paths, recipe, tmp_path / "run")
    assert report is not None
    assert report.test.gmner > 0.5, "the tiny data is learned: names, types and which box is Ann Lee's"
    assert report.test.estimators["own"].region.auroc is None or report.test.gmner < 1
    model = from_pretrained(tmp_path / "run" / "checkpoint")
    assert (model.network.config.visual_features, model.network.config.debiasing) == (6, 0.6)
    assert model.estimator == ESTIMATORS[estimator]
    assert "region files" in (tmp_path / "run" / "checkpoint" / "README.md").read_text("utf-8")
    assert score_checkpoint(paths, tmp_path / "run" / "checkpoint") == report
    with pytest.raises(SettingsError, match="trained with captions: give their folder"):
        score_checkpoint(DataPaths(data, regions=tmp_path / "regions"), tmp_path / "run" / "checkpoint")
    post = make_input_builder(paths, ())(read_split(paths, "gmner", "test")[0], Random(0))
    blank = replace(post, regions=tuple(replace(region, features=np.zeros(6, np.float32)) for region in post.regions))
    (seen,), (unseen,), (untold,) = (model.predict([one]) for one in (post, blank, replace(post, caption="")))
    assert [item.nats for item in seen] != [item.nats for item in unseen], "features are read"
    assert [item.nats for item in seen] != [item.nats for item in untold], "captions are read"


def test_regions_of_another_picture_are_named(data: Path, encoder: Path, tmp_path: Path) -> None:
    paths = DataPaths(data, regions=add_pictures(tmp_path / "regions", 6, size=(300, 100)))
    with pytest.raises(DataError, match="post train0: its boxes are of a picture of"):
        run_training.run_training(paths, recipe_file(tmp_path, encoder), tmp_path / "run")


def test_region_files_are_read_before_training(data: Path, encoder: Path, tmp_path: Path) -> None:
    paths = DataPaths(data, regions=add_pictures(tmp_path / "regions", 6))
    (tmp_path / "regions" / "test3.jpg.npz").write_bytes(b"no arrays")
    with pytest.raises(DataError, match="test3.jpg.npz"):
        run_training.run_training(paths, recipe_file(tmp_path, encoder), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    for file in (tmp_path / "regions").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="no post has a region file"):
        run_training.run_training(paths, recipe_file(tmp_path, encoder), tmp_path / "run")


def test_checkpoints_of_another_run_are_not_taken_up(data: Path, encoder: Path, tmp_path: Path) -> None:
    recipe, out = recipe_file(tmp_path, encoder), tmp_path / "run"
    run_training.run_training(DataPaths(data), recipe, out)
    with pytest.raises(SettingsError, match="holds the checkpoints of a run: go on with --resume"):
        run_training.run_training(DataPaths(data), recipe, out)
    with pytest.raises(SettingsError, match="with other settings or data, see .*run.json"):
        run_training.run_training(DataPaths(data), recipe, out, resume=True, changes=["seed=2"])
    (data / "txt" / "dev.txt").write_text("IMGID:dev0\nAnn\tB-PER\n", "utf-8")
    with pytest.raises(SettingsError, match="with other settings or data"):
        run_training.run_training(DataPaths(data), recipe, out, resume=True)


@pytest.mark.slow
def test_the_estimator_may_be_chosen_after_training(data: Path, encoder: Path, tmp_path: Path) -> None:
    recipe, out = recipe_file(tmp_path, encoder, estimator="tags"), tmp_path / "run"
    run_training.run_training(DataPaths(data), recipe, out)
    trained = from_pretrained(out / "checkpoint")
    run_training.run_training(DataPaths(data), recipe, out, resume=True, changes=["estimator=entropy"])
    refitted = from_pretrained(out / "checkpoint")
    assert (trained.estimator, refitted.estimator) == (ESTIMATORS["tags"], ESTIMATORS["entropy"])
    weights, same = (model.network.in_torch.state_dict() for model in (trained, refitted))
    assert all(torch.equal(weights[name], same[name]) for name in weights)


def test_an_estimator_that_cannot_sample_the_encoder_is_refused(data: Path, tmp_path: Path) -> None:
    save(tmp_path / "encoder", "distilbert")
    recipe = recipe_file(tmp_path, tmp_path / "encoder", estimator="mc_encoder")
    with pytest.raises(SettingsError, match="'mc_encoder' samples the encoder's layers"):
        run_training.run_training(DataPaths(data), recipe, tmp_path / "run")


def test_labels_that_cannot_be_read_in_the_scheme_are_refused(data: Path, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="labels 'gmner' cannot be read in scheme 'fmnerg': choose gmner"):
        run_training.run_training(DataPaths(data), recipe_file(tmp_path, encoder, scheme="fmnerg"), tmp_path / "run")


def test_a_scheme_of_one_s_own(data: Path, encoder: Path, tmp_path: Path) -> None:
    labels = tmp_path / "mine.yaml"
    labels.write_text(
        yaml.safe_dump([{"name": name, "description": f"Kind {name}."} for name in ("PER", "LOC", "ORG")])
    )
    recipe = recipe_file(tmp_path, encoder, labels=str(labels), scheme="mine")
    with pytest.raises(DataError, match="'Cup' is a 'OTHER', which the label scheme lacks; it has PER, LOC, ORG"):
        run_training.run_training(DataPaths(data), recipe, tmp_path / "run")


def test_what_the_last_step_needs_is_asked_for_before_the_first(
    data: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(SetupError, match=r"learned with scikit-learn: pip install .*\[train\]"):
        run_training.run_training(DataPaths(data), recipe_file(tmp_path, encoder), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("fine", "name"), [(True, "tweets-minilm"), (False, "gmner-minilm")])
def test_without_a_recipe_the_data_decides(
    fine: bool, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chosen(recipe: str) -> Path:
        raise SettingsError(f"chose {recipe}")

    monkeypatch.setattr(run_training, "recipe_path", chosen)
    with pytest.raises(SettingsError, match=f"chose {name}"):
        run_training.run_training(DataPaths(write_data(tmp_path / "data", fine)), None, tmp_path / "run")


def test_posts_in_fine_types_train_the_four_types_too(tmp_path: Path) -> None:
    posts = read_split(DataPaths(write_data(tmp_path / "data", fine=True)), "gmner", "train")
    assert [entity.type for entity in posts[0].entities] == ["PER", "ORG", "LOC", "OTHER"]


def test_sources_are_named_by_folder_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "wnut17"
    folder.mkdir()
    (folder / "a.conll").write_text("Ann\tB-person\n", "utf-8")
    monkeypatch.chdir(folder)
    assert short_name(Path("a.conll")) == "wnut17/a.conll"
