"""Open an experiment from the choices that a user makes on a command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from unco.context import Mode
from unco.errors import DataError, SettingsError
from unco.evals.ab.experiment import Experiment, real_experiment, simulated_experiment
from unco.evals.formats.detect_format import read_gold, training_names
from unco.evals.simulation import read_profile
from unco.small_model.label_schemes import read_labels


@dataclass(frozen=True, slots=True)
class ExperimentChoices:
    """Which posts, pictures and models an experiment uses."""

    gold: Path
    """Folder of a data set, or a file of gold posts."""
    split: str | None = None
    """Split of a data set's folder; None = test."""
    boxes: Path | None = None
    """Folder of the VOC files, where it is not xml/ in the folder."""
    pictures: Path | None = None
    """Folder of the posts' pictures; None = text alone. A simulation has blank ones."""
    posts: int | None = None
    """How many, from the first on; None = all."""
    checkpoint: str | None = None
    scheme: str | None = None
    mode: str | None = None
    """off, live, record or replay; None = live."""
    profile: Path | None = None
    """YAML file of how a simulated MLLM errs; None = a real one is asked."""
    family: str = "qwen2.5-vl"
    """Model family in whose frame the simulated MLLM writes boxes."""
    seed: int = 1
    """Seed of the simulated MLLM's random choices."""
    labels: Path | None = None
    """YAML file of the user's own types; None = those of the small model."""
    region_files: Path | None = None
    """Folder of region files; None = regions are looked for, or simulated for blank pictures."""
    detector: str | None = None
    """Finds people and things in the pictures; None = the one that `UNCO_DETECTOR` names, else none."""


@contextmanager
def open_experiment(choices: ExperimentChoices) -> Iterator[Experiment]:
    """Open the experiment; a simulated MLLM serves until the block ends.

    Raises:
        DataError: gold or pictures cannot be read.
        SettingsError: a choice that does not exist, no endpoint, or a detector for the blank pictures of a simulation.
    """
    split = choices.split or "test"
    gold = read_gold(choices.gold, split if choices.gold.is_dir() else None, choices.boxes)[: choices.posts]
    labels = None if choices.labels is None else read_labels(choices.labels)
    if choices.profile is not None:
        if choices.detector:
            raise SettingsError("--profile shows blank pictures, in which --detector finds nothing: leave one out")
        profile, names = read_profile(choices.profile), training_names(choices.gold)
        rest = (choices.seed, choices.family, choices.checkpoint, choices.scheme, labels, choices.region_files)
        with simulated_experiment(gold, names, profile, *rest) as experiment:
            yield _with_posts(experiment, choices.gold)
    else:
        mode: Mode | None = choices.mode  # type: ignore[assignment]  # Context refuses what is no mode
        asked = (choices.checkpoint, choices.scheme, mode, labels, choices.region_files, choices.detector)
        experiment = real_experiment(gold, choices.pictures, *asked)
        yield _with_posts(experiment, choices.gold)


def _with_posts(experiment: Experiment, path: Path) -> Experiment:
    if not experiment.gold:
        raise DataError(f"{path} holds no posts, so there is nothing to ask about")
    return experiment
