"""Made-up posts for benchmarks, of the length of real ones (16 words, 22 word pieces), with a picture's regions."""

from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region
from unco.types import Box

OPENINGS = (
    "RT @harbourowls : Mira Kovac signs for two years",
    "Can not believe Lake Arden froze over again",
    "Tonight in Port Lindow : Tomas Reyes live",
    "nobody told me the station was closed , thanks @northlinerail",
    "Tickets for the Winter Lantern Festival are gone",
    "So proud of Ada Brandt and her whole crew today",
    "What a game by the Elmstead Rovers in Old Quay",
    "My cousin met Jonas Whitfield",
)
ENDINGS = (
    "and the mayor is not amused # owls",
    "what a night at the Grand Pavilion !",
    "more in the Lindow Courier http://t.co/x7Yq2",
    "who else is coming this Friday ? (live)",
)
SIZE = (640, 480)
REGIONS = (
    Region(Box(40, 60, 220, 470), "person", score=0.98),
    Region(Box(260, 80, 400, 460), "person", score=0.91),
    Region(Box(30, 10, 610, 60), "text", "WINTER LANTERN FESTIVAL", 0.87),
    Region(Box(420, 200, 600, 330), "object", score=0.55),
)


def typical_posts(posts: int = 32) -> list[ModelInput]:
    """Make up to 32 different posts in a fixed order; each has a picture with four regions."""
    pairs = [(opening, ending) for ending in ENDINGS for opening in OPENINGS]
    return [ModelInput(tuple(f"{opening} {ending}".split()), REGIONS, SIZE) for opening, ending in pairs[:posts]]
