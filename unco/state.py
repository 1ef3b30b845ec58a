"""State of the graphs: plain JSON, so that checkpoints, the server and Studio can hold and show it.

Nodes turn it into the frozen types when they begin and back when they end, by the adapters below.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict  # typing's own gives pydantic no schema before Python 3.12

from unco.types import Entity, Extraction, Neighbour, PostQuestion, Result

Json = dict[str, Any]

ENTITY = TypeAdapter(Entity)
EXTRACTION = TypeAdapter(Extraction)
RESULT = TypeAdapter(Result)
NEIGHBOUR = TypeAdapter(Neighbour)
POST_QUESTION = TypeAdapter(PostQuestion)


def to_json(adapter: TypeAdapter[Any], value: Any) -> Json:
    """Convert a frozen value to plain JSON."""
    data: Json = adapter.dump_python(value, mode="json")
    return data


_EXACT_FLOAT = 2**53
"""Above it a float has lost digits of a whole number."""


def id_text(value: Any) -> Any:
    """Convert a whole number that names a post to its digits; a float too, as tables with empty cells hold them.

    Raises:
        ValueError: a number that is not whole, or has lost digits.
    """
    if isinstance(value, float):
        if not value.is_integer() or abs(value) > _EXACT_FLOAT:
            raise ValueError(f"{value!r} is no whole number, or has lost digits: write the id as text")
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PostId = Annotated[str, BeforeValidator(id_text)]
"""A post's name; it comes back as text, whether it was text or a whole number."""


class PostInput(BaseModel):
    """A post: its text and, if it has one, its picture."""

    model_config = ConfigDict(extra="forbid", title="Post")

    text: str | list[str] = Field(title="Text", description="The post's text, or its tokens.")
    image: str | None = Field(
        default=None,
        title="Picture",
        description="Path, data: URL, or http(s) URL of an allowed host. Without one, nothing is in the picture.",
    )
    regions: list[tuple[float, float, float, float]] | None = Field(
        default=None,
        title="Candidate boxes",
        description="Your own candidates, each [x1, y1, x2, y2] in pixels. None = look for faces and lines of text.",
    )
    caption: str | None = Field(
        default=None,
        title="Caption",
        description="What the picture shows, in words; for a small model that was trained with captions.",
    )
    id: PostId | None = Field(default=None, title="Id", description="Your name for the post; comes back as text.")
    extraction: Json | None = Field(
        default=None,
        title="Extraction",
        description="What a small model said of the post before, as its tool returns it. None = it is asked.",
    )
    private: bool = Field(
        default=False,
        title="Private",
        description="Ask only hosts that may see private posts: this machine's own, unless the settings say otherwise.",
    )


def merge(done: dict[str, Json], new: dict[str, Json] | None) -> dict[str, Json]:
    """Merge corrected entities by index; None clears them, so that a reused thread repeats nothing."""
    return {} if new is None else done | new


class ReviewState(TypedDict):
    """What a person is asked about: kept in the state, as a run that goes on may be given no context."""

    outcomes: list[str]
    """Outcomes to be reviewed; empty = none."""
    faults: dict[str, str]
    """Entity index and attribute -> why the last answer could not be used."""


STATE_VERSION = 1
"""Of the states below, as checkpoints hold them. A change after which a run of before could not go on raises it."""


class PostState(TypedDict, total=False):
    """The post graph's state."""

    state_version: int
    """`STATE_VERSION` of the unco that began the run; missing = nothing was done yet, or unco had no versions."""
    text: str | list[str]
    image: str | None
    regions: list[tuple[float, float, float, float]] | None
    caption: str | None
    id: str | None
    private: bool
    deadline: float | None
    """After which nothing is asked, in seconds since 1970."""
    calls: int | None
    """Questions that may be asked about the post in all; None = no budget limits them."""
    grants: dict[str, dict[str, int]] | None
    """Entity index -> attribute -> questions that may be asked about it, where a budget limits them."""
    extraction: Json
    """What the small model says, an `Extraction`; its thresholds are the ones of this run."""
    memory: str | None
    """Name of the memory that decisions are kept in; None = they are not kept."""
    remembered: Json
    """Entity index -> attribute -> what memory did to its doubt, see `unco.tools.memory.weigh.Weighed`."""
    corrected: Annotated[dict[str, Json], merge]
    """Entities that came back from the entity graph, by index."""
    questions: list[Json]
    """What became of questions about the whole post, each a `PostQuestion`."""
    review_state: ReviewState
    tokens: list[str]
    entities: list[Json]
    picture: Json | None
    thresholds: Json
    model: str
    warnings: list[str]
    usage: Json
    types: list[str]
    dropped: list[Json]
    near_misses: list[Json]


class PostOutput(TypedDict):
    """What `graph.invoke` returns: a `Result` as plain JSON; `Result` documents the fields."""

    id: str | None
    text: str
    tokens: list[str]
    entities: list[Json]
    picture: Json | None
    thresholds: Json
    model: str
    warnings: list[str]
    usage: Json
    questions: list[Json]
    types: list[str]
    dropped: list[Json]
    near_misses: list[Json]


class SharedState(TypedDict):
    """What the correctors need to know of an entity's post; as in `PostState`."""

    extraction: Json
    """Without its entities, for tokens, labels and thresholds."""
    image: str | None
    private: bool
    deadline: float | None


class EntityInput(TypedDict):
    """The entity graph's input: one entity, and what the correctors need to know of its post.

    None of these names is one of `PostState`: when events are streamed, LangGraph writes the whole state of a
    subgraph to the state around it.
    """

    entity: Json
    """An `Entity` that changes from corrector to corrector."""
    post: SharedState
    entity_grants: dict[str, int] | None
    """Attribute -> questions that may be asked about it; None = no budget limits them."""
    neighbours: list[Json]
    """The nearest other entities of the post, each a `Neighbour`."""


class EntityState(EntityInput):
    """The entity graph's state."""

    corrected: Annotated[dict[str, Json], merge]
    """The entity by its index: what the post graph takes over."""


class EntityOutput(TypedDict):
    """The entity graph's output: only keys with a reducer, or unknown to the post graph, as several come at once."""

    entity: Json
    """As it is after each step, so that a stream of updates shows what each corrector did; the post graph drops it."""
    corrected: Annotated[dict[str, Json], merge]
    """The entity by its index."""


def read_result(output: Any) -> Result:
    """Read the result of `graph.invoke` as frozen types."""
    return RESULT.validate_python(output)
