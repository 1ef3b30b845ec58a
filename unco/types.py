"""The words of the field as frozen data: spans, boxes, uncertainties, entities, corrections, results.

No third-party import. Units and ranges stand under each field. Uncertainty grows with doubt: higher = less sure.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

Attribute = Literal["span", "type", "region"]
"""What can be wrong about an entity, in the order of Algorithm 1."""

ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)

Outcome = Literal["skipped", "kept", "changed", "rejected", "failed", "unavailable"]
"""What became of an attribute.

`skipped`: not above its threshold, so nobody was asked. `kept`, `changed`: the MLLM answered, the answer was verified.
`rejected`: it answered, but the answer did not pass verification. `failed`: no readable answer came back.
`unavailable`: it should have been asked, but there was nobody to ask. In the last three the small model's value stays.
"""

AnswerState = Literal["value", "null", "unreadable", "failed"]
"""What came back: a value, an explicit "not in the picture" (regions only), unreadable text, or no answer at all."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of tokens, half open: tokens[start:stop]."""

    start: int
    """Index of the first token, from 0."""
    stop: int
    """Index after the last token; stop > start."""

    def __post_init__(self) -> None:
        """Refuse an empty or negative span."""
        if not 0 <= self.start < self.stop:
            raise ValueError(f"a span needs 0 <= start < stop, got start={self.start} stop={self.stop}")

    def __len__(self) -> int:
        """Number of tokens."""
        return self.stop - self.start

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share a token."""
        return self.start < other.stop and other.start < self.stop


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture as it is shown (EXIF orientation applied), x to the right, y down."""

    x1: float
    """Left edge."""
    y1: float
    """Top edge."""
    x2: float
    """Right edge; x2 > x1."""
    y2: float
    """Bottom edge; y2 > y1."""

    def __post_init__(self) -> None:
        """Refuse an empty, inverted or non-finite box."""
        corners = (self.x1, self.y1, self.x2, self.y2)
        if not (all(map(isfinite, corners)) and self.x1 < self.x2 and self.y1 < self.y2):
            raise ValueError(f"a box needs finite x1 < x2 and y1 < y2, got {corners}")

    @property
    def area(self) -> float:
        """Square pixels."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def iou(self, other: "Box") -> float:
        """Intersection over union with another box, in [0, 1]; no +1 on the edges, as everywhere in the field."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """One number for each attribute of an entity (Eq. 7); higher = less sure."""

    span: float
    type: float
    region: float

    def of(self, attribute: Attribute) -> float:
        """The number of one attribute."""
        return {"span": self.span, "type": self.type, "region": self.region}[attribute]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above which uncertainty an attribute is sent to its corrector; each in [0, 1], compared strictly."""

    span: float
    type: float
    region: float

    def __post_init__(self) -> None:
        """Refuse values outside [0, 1]."""
        for name in ATTRIBUTES:
            if not 0.0 <= self.of(name) <= 1.0:
                raise ValueError(f"the {name} threshold must lie in [0, 1], got {self.of(name)!r}")

    def of(self, attribute: Attribute) -> float:
        """The threshold of one attribute."""
        return {"span": self.span, "type": self.type, "region": self.region}[attribute]


@dataclass(frozen=True, slots=True)
class Label:
    """One entity type of a scheme."""

    name: str
    """As it stands in results and prompts, e.g. PER."""
    description: str
    """One sentence that an annotator, or an MLLM, can decide by."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What happened to one attribute of one entity: enough to explain, to audit and to count from."""

    attribute: Attribute
    outcome: Outcome
    before: Span | Box | str | None
    """The small model's value (after earlier corrections of the same entity)."""
    after: Span | Box | str | None
    """The value that counts; equal to `before` unless the outcome is `changed`."""
    uncertainty: float
    """Normalised, in [0, 1]."""
    threshold: float
    detail: str = ""
    """Why: the reason of a skip, a rejection, a failure; empty where the outcome says it all."""
    answer: AnswerState | None = None
    """What came back; None when nobody was asked."""
    reasoning: str = ""
    """The MLLM's own account. Data to show, never an instruction to follow."""
    prompt: str = ""
    """Prompt name and version, e.g. span/v1."""
    prompt_hash: str = ""
    """SHA-256 of the prompt file, first 12 hex digits."""
    model: str = ""
    """The name that the endpoint gave in its reply."""
    authored: bool = False
    """True when the answer was written by hand for a demonstration or a test: no model said it."""
    calls: int = 0
    """Questions asked, re-asks counted; cache hits and recordings included."""
    cache_hit: bool = False
    """True when every reply came from the cache or from a recording."""
    input_tokens: int | None = None
    """As the provider reports them; None = not reported."""
    output_tokens: int | None = None
    seconds: float = 0.0
    """Wall time of the calls."""

    @property
    def simulated(self) -> bool:
        """True when the answer came from a simulated model, an instrument for tests; such a model's name begins so."""
        return self.model.startswith("simulated-")


@dataclass(frozen=True, slots=True)
class Entity:
    """One named entity of a post. Addressed by `index`, never by its text: a name can stand twice in a post."""

    index: int
    """Position among the post's entities, from 0, in the order that the small model found them."""
    span: Span
    """Tokens."""
    text: str
    """The surface in the caller's own string."""
    start_char: int
    """Offset of the first character in `Result.text`."""
    stop_char: int
    """Offset after the last character in `Result.text`."""
    type: str
    """Name of a label of the scheme."""
    region: Box | None
    """Where it is in the picture; None = not in the picture."""
    uncertainty: Uncertainty
    """Normalised to [0, 1] by the checkpoint's normaliser; thresholds compare with these."""
    nats: Uncertainty
    """The same, raw: entropies in nats."""
    corrections: tuple[Correction, ...] = ()
    """One for each attribute, in the order span, type, region, once the graph is done."""


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What was seen of a picture; never its bytes."""

    ref: str
    """Path or URL as given, or `data:sha256,<hash>` for bytes that came inline."""
    sha256: str
    """Of the file's bytes, hex."""
    width: int
    """Pixels, as shown (EXIF orientation applied)."""
    height: int


@dataclass(frozen=True, slots=True)
class Post:
    """What comes in: a text and perhaps a picture."""

    text: str | tuple[str, ...]
    """A string, or tokens."""
    image: str | None = None
    """Path, `data:` URL or allowed http(s) URL."""
    regions: tuple[Box, ...] | None = None
    """Candidate boxes of the caller's own; None = let the region provider look for them."""
    id: str | None = None
    """The caller's name for the post."""
    caption: str | None = None
    """What the picture shows, in words; read by a small model that was trained with captions."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What the small model says of a post."""

    text: str
    """The text that character offsets count in; for a token list, the tokens joined by single spaces."""
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    """(start, stop) characters of each token in `text`."""
    entities: tuple[Entity, ...]
    thresholds: Thresholds
    """The ones that belong to the normaliser in use."""
    labels: tuple[Label, ...]
    picture: PictureInfo | None
    model: str
    """Name of the checkpoint or file that the entities come from."""
    warnings: tuple[str, ...] = ()
    """What a user should know: no picture seen, no region provider installed, ..."""


@dataclass(frozen=True, slots=True)
class Result:
    """What comes out: the post's entities, each with its three uncertainties and the account of its corrections."""

    text: str
    tokens: tuple[str, ...]
    entities: tuple[Entity, ...]
    picture: PictureInfo | None
    """None = no picture was seen, so nothing could be grounded."""
    thresholds: Thresholds
    model: str
    """Name of the small model."""
    warnings: tuple[str, ...] = ()
    id: str | None = None


@dataclass(frozen=True, slots=True)
class GoldEntity:
    """One annotated entity."""

    span: Span
    type: str
    boxes: tuple[Box, ...]
    """All boxes of its name in the picture; empty = not groundable."""


@dataclass(frozen=True, slots=True)
class GoldPost:
    """One annotated post."""

    id: str
    """Name of the picture without its extension."""
    tokens: tuple[str, ...]
    entities: tuple[GoldEntity, ...]
    size: tuple[int, int] | None
    """(width, height) of the picture in pixels; None = no xml file, so nothing is grounded."""
