"""Options shared by the commands that run experiments: posts, pictures, models."""

from pathlib import Path
from typing import Annotated

import typer

Gold = Annotated[Path, typer.Option(help="Folder of a data set with txt/ and xml/, or gold posts as JSON Lines.")]
Split = Annotated[str, typer.Option(help="Of a folder: train, dev or test.")]
Boxes = Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")]
Pictures = Annotated[Path | None, typer.Option(help="Folder with <id>.jpg (.jpeg, .png, .webp); none = text alone.")]
Posts = Annotated[int | None, typer.Option(min=1, help="How many, from the first on; default: all.")]
Checkpoint = Annotated[str | None, typer.Option(help="Small model: a folder or a hub name.")]
Scheme = Annotated[str | None, typer.Option(help="Types: gmner (4), fmnerg (51), fmnerg_coarse (8).")]
Mode = Annotated[str | None, typer.Option(help="off, live, record or replay; default: live.")]
Profile = Annotated[
    Path | None, typer.Option(help="YAML file of how a simulated MLLM errs; none = the configured one is asked.")
]
Family = Annotated[str, typer.Option(help="In whose box frame the simulated MLLM answers.")]
Seed = Annotated[int, typer.Option(help="Of the simulated MLLM's dice.")]
