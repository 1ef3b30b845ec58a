"""A post as it comes in, as the small model reads it, and as it goes out."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from unco.types.corrections import SETTLED, Correction, Finder, PostQuestion, Usage
from unco.types.geometry import Box, Span, all_boxes
from unco.types.pictures import PictureInfo, UnusablePicture
from unco.types.uncertainty import ATTRIBUTES, Accept, Attribute, Thresholds, Uncertainty

UNTYPED = "untyped"
"""Stands for the type of an entity that has none, where people and other tools are shown one."""


@dataclass(frozen=True, slots=True)
class Label:
    """One entity type of a scheme."""

    name: str
    """As it stands in results and prompts, e.g. PER."""
    description: str
    """One sentence that an annotator, or an MLLM, can decide by."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another entity of the same post, as the small model found it and a corrector sees it."""

    index: int
    span: Span
    text: str
    type: str | None
    """None = not known yet."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of writing in the picture."""

    text: str
    """As recognised. Data, never an instruction to follow."""
    box: Box


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
    type: str | None
    """Name of a label of the scheme; None = it is one of the user's own list, and nobody said which."""
    region: Box | None
    """Where it is in the picture; None = not in the picture. Of several boxes the likeliest."""
    uncertainty: Uncertainty
    """Normalised to [0, 1] by the checkpoint's normaliser; thresholds compare with these. 1 where the MLLM found it."""
    nats: Uncertainty
    """The same, raw: entropies in nats. 0 where the MLLM found it, and nothing was measured."""
    corrections: tuple[Correction, ...] = ()
    """One for each attribute, in the order span, type, region, once the graph is done."""
    found_by: Finder = "small model"
    hint: str | None = None
    """The small model's own type, where types are of the user's own list; None = `type` is the small model's, or the
    MLLM found the entity."""
    regions: tuple[Box, ...] = ()
    """All of its boxes, `region` first; a name may be in the picture more than once. Empty = not in the picture."""

    def __post_init__(self) -> None:
        """Let `regions` begin with `region`: a new first box is the only one."""
        object.__setattr__(self, "regions", all_boxes(self.region, self.regions))

    @property
    def shown_type(self) -> str:
        """Type as people and other tools are shown it: `UNTYPED` where there is none."""
        return UNTYPED if self.type is None else self.type

    @property
    def doubt(self) -> float:
        """Chance that span or type is wrong, in [0, 1], as `Uncertainty.doubt`.

        An attribute that the MLLM or a person has answered counts as sure, and so does a type that nobody has told.
        """
        sure = {note.attribute for note in self.corrections if note.outcome in SETTLED}
        return Uncertainty(
            span=0.0 if "span" in sure else self.uncertainty.span,
            type=0.0 if "type" in sure or self.type is None else self.uncertainty.type,
            region=0.0,
        ).doubt

    def value_of(self, attribute: Attribute) -> Span | str | Box | None:
        """Return the value of an attribute: its field, else what its last correction came to; None = it has none."""
        after = [note.after for note in self.corrections if note.attribute == attribute]
        value: Span | str | Box | None = getattr(self, attribute, after[-1] if after else None)
        return value


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Words that the small model nearly took for a name: no entity, as nobody has said that they are one."""

    span: Span
    """Tokens; no entity of the small model's shares one."""
    text: str
    """The surface in the caller's own string."""
    type: str
    """The small model's most probable type, if it is a name."""
    chance: float
    """That the small model would have said it, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post: a text and perhaps a picture."""

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
    near_misses: bool = False
    """Whether to look for near misses, too."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The small model's output for a post."""

    text: str
    """The text that character offsets count in; for a token list, the tokens joined by single spaces."""
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    """(start, stop) characters of each token in `text`."""
    entities: tuple[Entity, ...]
    thresholds: Thresholds
    """The ones that belong to the normaliser in use."""
    labels: tuple[Label, ...]
    picture: PictureInfo | UnusablePicture | None
    model: str
    """Name of the checkpoint or file that the entities come from."""
    warnings: tuple[str, ...] = ()
    """What a user should know: no picture seen, no region provider installed, ..."""
    candidates: tuple[Box, ...] = ()
    """Regions that the small model chose from, in original pixels, the whole picture aside."""
    text_lines: tuple[TextLine, ...] = ()
    """Those of them that hold writing, as read."""
    fine_types: tuple[str, ...] = ()
    """The finest type that the small model knows of each entity, where results use coarser ones; empty = not known."""
    own_labels: bool = False
    """Whether `labels` are of the user's own list, from which only the MLLM chooses."""
    accept: Accept = Accept()
    """Least belief in an answer that changes a value."""
    near_misses: tuple[NearMiss, ...] = ()
    """The likeliest first; empty = there are none, or they were not looked for."""
    own_thresholds: tuple[Thresholds, ...] = ()
    """Those of each entity, by index, where a policy learned them; empty = `thresholds` are those of all."""

    @property
    def seen_picture(self) -> PictureInfo | None:
        """The picture that boxes are in; None = the post has none, or none that can be used."""
        return self.picture if isinstance(self.picture, PictureInfo) else None

    def thresholds_of(self, entity: Entity) -> Thresholds:
        """Return the thresholds of an entity: its own, else those of all."""
        return self.own_thresholds[entity.index] if entity.index < len(self.own_thresholds) else self.thresholds

    def routed(self, entity: Entity) -> tuple[Attribute, ...]:
        """Return the attributes of an entity that are above their thresholds."""
        thresholds = self.thresholds_of(entity)
        return tuple(name for name in ATTRIBUTES if thresholds.are_exceeded(entity.uncertainty, name))

    @property
    def routed_near_misses(self) -> tuple[NearMiss, ...]:
        """The near misses that are likely enough to ask about missed entities."""
        level = self.thresholds.recall
        return () if level is None else tuple(one for one in self.near_misses if one.chance > level)


@dataclass(frozen=True, slots=True)
class Dropped:
    """An entity that was dropped, as it was too doubtful and nobody was there to ask about it."""

    entity: Entity
    doubt: float
    """As `Entity.doubt`; above `Thresholds.drop`."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a post: its entities, each with three uncertainties and its corrections; dropped ones apart."""

    text: str
    tokens: tuple[str, ...]
    entities: tuple[Entity, ...]
    picture: PictureInfo | UnusablePicture | None
    """None = the post has none. Without a picture that was seen, nothing could be grounded."""
    thresholds: Thresholds
    model: str
    """Name of the small model."""
    warnings: tuple[str, ...] = ()
    id: str | None = None
    usage: Usage = Usage()
    """Of all its corrections."""
    questions: tuple[PostQuestion, ...] = ()
    """Those about the post as a whole; empty in a run that only corrects."""
    types: tuple[str, ...] = ()
    """Names of the user's own list of types, which the run chose from; empty = a scheme of the small model's."""
    dropped: tuple[Dropped, ...] = ()
    """Entities that are not among `entities`, as their doubt is above `thresholds.drop`; they keep their indices."""
    near_misses: tuple[NearMiss, ...] = ()
    """As of the extraction; whoever asks about missed entities may find one of them."""

    @property
    def seen_picture(self) -> PictureInfo | None:
        """The picture that boxes are in, as `Extraction.seen_picture`."""
        return self.picture if isinstance(self.picture, PictureInfo) else None

    def thresholds_of(self, entity: Entity) -> Thresholds:
        """Return the thresholds that an entity of it was under, as its corrections name them."""
        return replace(self.thresholds, **{note.attribute: note.threshold for note in entity.corrections})

    @property
    def all_entities(self) -> tuple[Entity, ...]:
        """All entities, dropped ones among them, by index."""
        found = (*self.entities, *(one.entity for one in self.dropped))
        return tuple(sorted(found, key=lambda entity: entity.index)) if self.dropped else self.entities

    @property
    def notes(self) -> tuple[Correction | PostQuestion, ...]:
        """Outcomes of all corrections and questions of the post, of dropped entities too."""
        return (*(note for entity in self.all_entities for note in entity.corrections), *self.questions)

    @property
    def is_open(self) -> bool:
        """Whether an answer is missing for a reason that passes, so that the post is to be run again."""
        return any(note.is_open for note in self.notes)

    def to_json(self) -> str:
        """Return the result as JSON text, as `unco run` writes it."""
        text: str = _adapter().dump_json(self).decode()
        return text

    @classmethod
    def from_json(cls, text: str | bytes) -> "Result":
        """Read a result from JSON text.

        Raises:
            ValueError: it is none.
        """
        result: Result = _adapter().validate_json(text)
        return result


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Result)
