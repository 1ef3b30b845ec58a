"""A detector that looks for the post's own names."""

from pathlib import Path

from tests.scripted import drawing
from tests.small_model.regions.open_words import FOUND, OpenWords
from unco.small_model.predictor import Predictor
from unco.tools.extraction.extractor import NetworkExtractor
from unco.types import Post


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
