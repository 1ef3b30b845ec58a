"""Options shared by the commands that run experiments: posts, pictures, models."""

from pathlib import Path
from typing import Annotated

import typer

Gold = Annotated[Path, typer.Option(help="Folder of a data set with txt/ and xml/, or gold posts as JSON Lines.")]
Split = Annotated[str, typer.Option(help="Part of a data set: train, dev or test.")]
Boxes = Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")]
Pictures = Annotated[Path | None, typer.Option(help="Folder with <id>.jpg (.jpeg, .png, .webp); none = text alone.")]
Posts = Annotated[int | None, typer.Option(min=1, help="Number of posts, from the first on; default: all.")]
Checkpoint = Annotated[str | None, typer.Option(help="Small model: a folder or a hub name.")]
Scheme = Annotated[str | None, typer.Option(help="Types: gmner (4), fmnerg (51), fmnerg_coarse (8).")]
Detector = Annotated[
    str | None,
    typer.Option(help="Finds people and things: ssd, or a detector of transformers; default: UNCO_DETECTOR."),
]
RegionFiles = Annotated[
    Path | None,
    typer.Option("--regions", help="Region files (`unco regions`), by name of picture; default: UNCO_REGIONS."),
]
Mode = Annotated[str | None, typer.Option(help="off, live, record or replay; default: live.")]
Profile = Annotated[
    Path | None, typer.Option(help="YAML file of a simulated MLLM's mistakes; default: your endpoint is asked.")
]
Family = Annotated[str, typer.Option(help="Family of models whose box frame the simulated MLLM uses.")]
Seed = Annotated[int, typer.Option(help="Seed of the simulated MLLM's mistakes.")]
