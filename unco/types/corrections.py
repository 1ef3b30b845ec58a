"""Corrections: what was asked, what was answered, and the outcome."""

from dataclasses import dataclass
from typing import Literal

from unco.types.geometry import Box, Span
from unco.types.uncertainty import Attribute

Outcome = Literal[
    "skipped", "kept", "changed", "added", "rejected", "failed", "unavailable", "reviewed", "low_confidence"
]
"""Outcome of a correction.

`skipped`: not above its threshold, so nobody was asked. `kept`, `changed`: the MLLM answered, the answer was verified.
`added`: there was no value before, as the MLLM found the entity, or told a type of the user's own list. `rejected`: it
answered, but the answer did not pass verification. `failed`: it refused, or no answer that can be read came back.
`unavailable`: nobody could be asked, or answers now. `low_confidence`: it answered another value, and was less sure of
it than the run wants. In these four the small model's value stays. `reviewed`: it was one of these four, and a person
accepted the value or gave another.
"""

SETTLED: frozenset[Outcome] = frozenset({"kept", "changed", "added", "reviewed"})
"""Outcomes after which an attribute is in doubt no more: an MLLM or a person has answered."""


AnswerState = Literal["value", "null", "unreadable", "failed"]
"""What came back: a value, an explicit "not in the picture" (regions only), unreadable text, or no answer at all."""


Reason = Literal[
    "off",
    "policy",
    "budget",
    "no_picture",
    "not_recorded",
    "deadline",
    "rate",
    "breaker",
    "unreachable",
    "busy",
    "broken",
    "access",
    "endpoint",
]
"""Why a question got no answer.

`off`: calls are off, or no endpoint is named. `policy`: privacy forbids it. `budget`: nothing is left, or the price is
unknown. `no_picture`: there is none to ask about. `not_recorded`: replay, and the recording has no answer
(an error, where misses are not allowed on purpose).
`deadline`: no time was left to ask, or all that is left of the budget was reserved. `rate`: the rate limit had no place
in time. `breaker`: the endpoint failed too often just now. `unreachable`: no connection. `busy`: the endpoint asks for
patience. `broken`: it broke down, was too slow, or sent what is no answer. `access`: it wants another key, or money.
`endpoint`: it was asked, and refused. The results of earlier versions say `endpoint` for these three as well.
"""

PASSING_REASONS: frozenset[Reason] = frozenset(
    {"deadline", "rate", "breaker", "unreachable", "busy", "broken", "access"}
)
"""Reasons that pass by themselves: an attribute that is `unavailable` for one of them is asked about again later."""


Finder = Literal["small model", "recall", "generation"]
"""Who found an entity: the small model, or the MLLM when asked for missed ones, or for all of them."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question that got a reply: the reply word for word, and its tokens, cost and time."""

    model: str
    """The name that the endpoint gave in its reply."""
    text: str
    """The reply as it came."""
    finish_reason: str | None
    """As the endpoint says: stop, length, ...; None = it did not say."""
    fault: str = ""
    """Why the reply could not be read; empty = it could."""
    cached: bool = False
    """From the cache, a recording, or an equal question under way: nobody was asked for this one."""
    input_tokens: int | None = None
    """As the provider reports them; None = not reported."""
    output_tokens: int | None = None
    cost: float | None = None
    """US dollars; None = unknown. 0 when cached."""
    seconds: float = 0.0
    """Wall time; 0 when cached."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """A search for an entity's name by a tool; what it found stands in `Correction.facts`."""

    by: str
    """The tool and its host, e.g. "search at localhost"."""
    words: str
    """What was sent."""
    fault: str = ""
    """Why nothing could be found; empty = the tool answered, perhaps with nothing."""
    cached: bool = False
    """From the cache or a recording: the tool was not asked for this one."""
    seconds: float = 0.0
    """Wall time; 0 when cached."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The correction of one attribute of one entity, in enough detail to explain, audit and count it."""

    attribute: Attribute
    outcome: Outcome
    before: Span | Box | str | None
    """The small model's value (after earlier corrections of the same entity); None where an entity was `added`."""
    after: Span | Box | str | None
    """The value that counts; equal to `before` unless the outcome is `changed`, `added` or `reviewed`."""
    uncertainty: float
    """Normalised, in [0, 1]."""
    threshold: float
    detail: str = ""
    """Why: the reason of a skip, a rejection, a failure; empty where the outcome says it all."""
    answer: AnswerState | None = None
    """What came back; None when nobody was asked."""
    confidence: float | None = None
    """How sure the MLLM was of the answer's value, in [0, 1]; None = nobody wanted to know, or it cannot be told."""
    reason: Reason | None = None
    """Why no answer came, where none did."""
    reasoning: str = ""
    """The MLLM's own reasoning. Data to show, never an instruction to follow."""
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
    cost: float | None = 0.0
    """US dollars spent on it now: 0 when nobody was asked; None = unknown, for want of a price or of token counts."""
    seconds: float = 0.0
    """Wall time of the calls."""
    exchanges: tuple[Exchange, ...] = ()
    """Each question and reply, in order."""
    facts: tuple[str, ...] = ()
    """What was looked up and quoted to the MLLM."""
    look_up: LookUp | None = None
    """The search that found them; None = no tool was asked."""
    looked_at: Box | None = None
    """The part of the picture that the MLLM asked to see closer and was sent, in original pixels; None = none."""
    by: str = ""
    """The person who answered in a review, as the answer named them; empty = unnamed, or nobody was asked."""
    at: str = ""
    """When they answered, whatever they said: ISO 8601, UTC; empty = no person answered."""

    @property
    def is_changed(self) -> bool:
        """Whether the MLLM or a person put another value in the place of the one before."""
        return self.outcome == "changed" or (self.outcome == "reviewed" and self.after != self.before)

    @property
    def is_open(self) -> bool:
        """Whether no answer came for a reason that passes, so that the attribute is to be asked about again."""
        return self.outcome == "unavailable" and self.reason in PASSING_REASONS

    @property
    def simulated(self) -> bool:
        """Whether the answer came from a simulated model, a test instrument whose name begins so."""
        return self.model.startswith("simulated-")


@dataclass(frozen=True, slots=True)
class PostQuestion:
    """The outcome of a question about a whole post; its cost stands here and not with the entities that it added."""

    finder: Finder
    outcome: Literal["answered", "failed", "unavailable"]
    """As of a correction; `answered` also where nothing in the answer could be used."""
    detail: str = ""
    """Why it failed or nobody was asked."""
    reason: Reason | None = None
    """As `Correction.reason`."""
    dropped: tuple[str, ...] = ()
    """Why entities of the answer were not added, one sentence each."""
    reasoning: str = ""
    """As `Correction.reasoning`, and so on below."""
    prompt: str = ""
    prompt_hash: str = ""
    model: str = ""
    authored: bool = False
    calls: int = 0
    cache_hit: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = 0.0
    seconds: float = 0.0
    exchanges: tuple[Exchange, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether no answer came for a reason that passes, as `Correction.is_open`."""
        return self.outcome == "unavailable" and self.reason in PASSING_REASONS

    @property
    def simulated(self) -> bool:
        """Whether the answer came from a simulated model, as `Correction.simulated`."""
        return self.model.startswith("simulated-")


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls, tokens and cost of corrections, summed up; a sum with an unknown part is unknown."""

    calls: int = 0
    """Questions that got a reply, from wherever it came."""
    asked: int = 0
    """Those that were put to an endpoint now: neither cached nor recorded."""
    input_tokens: int | None = 0
    """As the providers report them, of all calls."""
    output_tokens: int | None = 0
    cost: float | None = 0.0
    """US dollars, of what was asked now."""
