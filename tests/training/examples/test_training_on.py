"""Training goes on from a checkpoint, with posts of other sources."""

import json
from pathlib import Path

import pytest
import torch

from tests.small_model.saved_models import save
from tests.training.made_data import write_data
from tests.training.test_run import recipe_file
from unco.errors import DataError, SettingsError
from unco.small_model.checkpoint import file_sha256, from_pretrained
from unco.training.examples.data_paths import DataPaths
from unco.training.examples.other_sources import read_source, read_sources
from unco.training.run import run_training
from unco.types import Span

SOURCE = """Ann\tB-person
Lee\tI-person
joins\tO
Arbor\tB-corporation
Records\tI-corporation

@\tO
ann\tB-person
sings\tO
@bo\tB-person
in\tO
Ham\tB-location
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny run, with its data in `data` and its checkpoint in `run/checkpoint`."""
    folder = tmp_path_factory.mktemp("trained")
    save(folder / "encoder", "bert")
    recipe = recipe_file(folder, folder / "encoder", labels="fmnerg", scheme="gmner")
    run_training(DataPaths(write_data(folder / "data", fine=True)), recipe, folder / "run")
    return folder


def source_file(folder: Path, text: str = SOURCE) -> Path:
    path = folder / "other.conll"
    path.write_text(text, "utf-8")
    return path


def test_a_source_is_read_in_the_teachers_labels(tmp_path: Path) -> None:
    teacher = from_pretrained()
    four = teacher.network.config.schemes["gmner"]
    coarse = {
        label.name: four.labels[index].name for label, index in zip(teacher.network.config.labels, four.of, strict=True)
    }
    first, second = read_source(source_file(tmp_path), teacher)
    own = [(entity.span, coarse[entity.type]) for entity in first.entities if coarse[entity.type] != "OTHER"]
    assert own == [(Span(0, 2), "PER"), (Span(3, 5), "ORG")]
    named = [(entity.span, coarse[entity.type]) for entity in second.entities if coarse[entity.type] != "OTHER"]
    assert named == [(Span(5, 6), "LOC")]  # handles are no names
    assert all(entity.boxes == () for post in (first, second) for entity in post.entities)
    in_four = read_sources([source_file(tmp_path)], teacher, "gmner")[0]
    assert {entity.type for entity in in_four.entities} <= {"PER", "LOC", "ORG", "OTHER"}


def test_a_type_that_is_none_of_ours_and_labels_of_another_scheme_are_refused(tmp_path: Path) -> None:
    teacher = from_pretrained()
    with pytest.raises(DataError, match="other.conll: 'gene' is no type"):
        read_source(source_file(tmp_path, "BRCA1\tB-gene\n"), teacher)
    with pytest.raises(SettingsError, match="leave --more out"):
        read_sources([source_file(tmp_path)], teacher, "mine")


@pytest.mark.slow
def test_training_goes_on_from_a_checkpoint(trained: Path, tmp_path: Path) -> None:
    checkpoint = trained / "run" / "checkpoint"
    before = {name: value.clone() for name, value in from_pretrained(checkpoint).network.in_torch.state_dict().items()}
    recipe = recipe_file(tmp_path, checkpoint, labels="fmnerg", scheme="gmner", joined=0.5)
    paths = DataPaths(trained / "data", more=(source_file(tmp_path),))
    assert run_training(paths, recipe, tmp_path / "run") is not None
    after = from_pretrained(checkpoint).network.in_torch.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items()), "what it starts from stays"
    again = from_pretrained(tmp_path / "run" / "checkpoint")
    assert any(not torch.equal(value, again.network.in_torch.state_dict()[name]) for name, value in before.items())
    card = (tmp_path / "run" / "checkpoint" / "README.md").read_text("utf-8")
    assert "other.conll" in card


@pytest.mark.slow
def test_a_checkpoint_of_other_labels_goes_on_with_these(trained: Path, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path, trained / "run" / "checkpoint")
    run_training(DataPaths(write_data(tmp_path / "data", fine=False)), recipe, tmp_path / "run")
    assert from_pretrained(tmp_path / "run" / "checkpoint").network.config.label_scheme == "gmner"


@pytest.mark.slow
def test_a_model_learns_from_teachers_and_says_so(trained: Path, tmp_path: Path) -> None:
    teacher, folder = trained / "run" / "checkpoint", tmp_path / "wnut17"
    folder.mkdir()
    recipe = recipe_file(
        tmp_path, trained / "encoder", labels="fmnerg", scheme="gmner", teachers=[str(teacher)], renamed=1, clutter=0.5
    )
    reviewed = tmp_path / "reviewed.jsonl"
    name = {"start": 0, "stop": 1, "type": "PER"}
    reviewed.write_text(json.dumps({"id": "r1", "tokens": ["Ann", "sings"], "entities": [name]}) + "\n", "utf-8")
    paths = DataPaths(trained / "data", more=(source_file(folder),), add=(reviewed,))
    assert run_training(paths, recipe, tmp_path / "run") is not None
    learned = json.loads((tmp_path / "run" / "checkpoint" / "config.json").read_text("utf-8"))
    assert learned["model"]["distillation"] == 0.5
    assert learned["origin"]["teachers_sha256"] == {str(teacher): file_sha256(teacher / "model.safetensors")}
    assert list(learned["origin"]["more_sha256"]) == ["wnut17/other.conll"]
    card = " ".join((tmp_path / "run" / "checkpoint" / "README.md").read_text("utf-8").split())
    assert f"Teachers: {teacher} " in card
    assert "Added posts: 1 reviewed, 0 answered, 0 left out, of " in card
    assert "W-NUT 2017), CC BY 4.0" in card
    assert "In training, a share of 0.5 of the pictures had clutter." in card
    assert run_training(paths, recipe, tmp_path / "run", resume=True) is not None, "a finished run is taken up"
    with pytest.raises(SettingsError, match="the teacher .* has other labels"):
        run_training(
            DataPaths(write_data(tmp_path / "data", fine=False)), recipe, tmp_path / "four", changes=["labels=gmner"]
        )
