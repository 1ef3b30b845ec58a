"""The posts that ship with unco: texts of our own on public-domain photographs and on pictures that we drew."""

from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
RECORDING = FOLDER / "recording.jsonl"
"""The replayed answers. They were authored by hand, not given by a model; each result says so."""
MODEL = "authored-demo"
"""Model name of the authored answers."""


@dataclass(frozen=True, slots=True)
class DemoPost:
    """One post of the demo."""

    id: str
    text: str
    picture: str
    """Name of a file in `pictures/`."""

    @property
    def image(self) -> Path:
        """Path of the picture."""
        return FOLDER / "pictures" / self.picture


def read_posts() -> list[DemoPost]:
    """Read the demo's posts, in order."""
    return [DemoPost(**item) for item in yaml.safe_load((FOLDER / "posts.yaml").read_text("utf-8"))]
