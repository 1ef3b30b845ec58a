"""A detector that looks for the post's own names."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tests.scripted import drawing
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region import Region
from unco.tools.extraction.extractor import NetworkExtractor
from unco.types import Box, Post

FOUND = Box(1, 1, 50, 50)


class OpenWords:
    """Finds one thing by the first name."""

    def __init__(self, takes: bool) -> None:
        self.takes, self.asked = takes, list[Sequence[str]]()

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        return self.for_names(image, source, ())

    def takes_names(self) -> bool:
        return self.takes

    def for_names(self, image: Image.Image, source: str, names: Sequence[str]) -> list[Region]:
        self.asked.append(names)
        return [Region(FOUND, "object", "".join(names[:1]))]


async def test_it_is_told_the_names_that_stand_in_the_post(predictor: Predictor, tmp_path: Path) -> None:
    text = "Ann Lee plays for the Blue Owls in Oslo"
    names = [entity.text for entity in NetworkExtractor(lambda: predictor, None)(Post(text)).entities]
    assert names
    for takes in (True, False):
        provider = OpenWords(takes)
        network = NetworkExtractor(lambda: predictor, provider)
        result = network(Post(text, drawing(tmp_path)))
        assert await network.acall(Post(text, drawing(tmp_path))) == result
        assert provider.asked == [names if takes else ()] * 2
        assert result.candidates == (FOUND,)
        assert result.text_lines == ()  # a name that it was found by is not written there
