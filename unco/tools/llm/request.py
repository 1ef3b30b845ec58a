"""A question to the MLLM and its reply, as plain values, and the keys of cache and recordings."""

import json
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from math import inf
from typing import Any

from unco.prompts.parser import FILTERED
from unco.prompts.thoughts import without_thoughts
from unco.tools.llm.checks.token_counts import UNKNOWN, believed_counts
from unco.tools.llm.checks.token_probabilities import TokenLogs, stored_logs
from unco.tools.llm.checks.whole_characters import replace_lone_surrogates
from unco.types import Attribute

MAX_REPLY_TOKENS = 1024
"""Upper limit of a reply about one entity."""


@dataclass(frozen=True, slots=True)
class SentPicture:
    """A picture as it is sent, which may be smaller than the post's own."""

    mime: str
    """E.g. image/jpeg."""
    sha256: str
    """Of `data`, hex; stands for the bytes in every key and recording."""
    data: bytes = field(repr=False, compare=False)
    """The encoded file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a question is for: decides whether it may be asked and how long it may take, never what is answered."""

    attribute: Attribute | None = None
    """What it is about; None = the whole post."""
    private: bool = False
    """Whether the post's caller marked it private."""
    deadline: float | None = None
    """Of the whole post, in seconds since 1970; None = only the call's own."""
    entity: int | None = None
    """Index of the entity that it is about, for traces; None = the whole post."""
    uncertainty: tuple[float, float] | None = None
    """Uncertainty and threshold of the attribute, for traces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. Everything in it can change the answer, except its purpose and the name of the prompt."""

    model: str
    """The endpoint's name of the model that is asked."""
    system: str
    """System message."""
    user: str
    """User message."""
    turns: tuple[tuple[str, str], ...] = ()
    """What followed: (assistant's text, user's text) of each re-ask."""
    picture: SentPicture | None = None
    """Sent along with the first user message."""
    temperature: float = 0.0
    max_tokens: int = MAX_REPLY_TOKENS
    """Upper limit of the reply's length."""
    extra_body: str = ""
    """Further fields of the call's body, as a JSON object with sorted keys; empty = none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers of the call, but for those of an account."""
    schema: str = ""
    """JSON schema of the answer, as JSON text, for endpoints that hold the model to one; empty = none."""
    types: tuple[str, ...] = ()
    """Names that a type in the answer may have, for endpoints that hold the model to a schema; empty = any. In no key:
    the messages list them."""
    token_probabilities: bool = False
    """Whether the endpoint is asked how probable each token of its answer was."""
    repeat: int = 0
    """Number of the draw, when the same question is asked several times on purpose."""
    prompt: str = ""
    """Prompt name and version, e.g. span/v1. A note for readers, in no key: the messages say what was asked."""
    prompt_hash: str = ""
    """SHA-256 of the prompt file, hex. In the cache's key; a note in a recording, where a line may be hand-written."""
    purpose: Purpose = Purpose()
    """In no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply to a question."""

    text: str
    """May be empty."""
    finish_reason: str | None
    """As the endpoint says: stop, length, content_filter, ...; None = it did not say."""
    model: str
    """The model's name as the endpoint says it."""
    input_tokens: int | None = None
    """None = not reported."""
    output_tokens: int | None = None
    """Those of unseen reasoning included, as providers count."""
    provider_cached_tokens: int = 0
    """Input tokens that the provider had in its own cache, and charged less for."""
    cost: float | None = None
    """US dollars that the call cost when it was made; None = not known. A cached reply keeps it, and costs nothing."""
    log_probabilities: TokenLogs = ()
    """Of each token of the text, in order; empty = not asked for, or not reported."""
    seconds: float = 0.0
    """Wall time of the call that gave it, retries and waits included; a cached reply keeps it."""
    cached: bool = False
    """True when nobody was asked this time: cached, recorded, or an equal question was under way."""

    @property
    def ended(self) -> str | None:
        """Why it ended: as the endpoint says, but `length` in one spelling."""
        return "length" if is_cut(self.finish_reason) else self.finish_reason

    @property
    def authored(self) -> bool:
        """True when the text was written by hand for a demonstration or a test; such a model's name begins so."""
        return self.model.startswith("authored")


def request_parts(request: Request) -> dict[str, Any]:
    """Return all that can change the answer, as plain JSON: the picture by its hash; no key, address or timeout."""
    picture = request.picture and {"mime": request.picture.mime, "sha256": request.picture.sha256}
    own = {
        "extra_body": request.extra_body,
        "headers": [list(header) for header in sorted(request.headers)],
        "token_probabilities": request.token_probabilities,
    }
    return {
        "model": request.model,
        "system": request.system,
        "user": request.user,
        "turns": [list(turn) for turn in request.turns],
        "picture": picture,
        "temperature": float(request.temperature),  # 0 and 0.0 are one question
        "max_tokens": request.max_tokens,
        "schema": sha256(request.schema.encode()).hexdigest() if request.schema else None,
        "repeat": request.repeat,
    } | {name: value for name, value in own.items() if value}  # of before, where nothing is set


OWN_PARTS = frozenset({"extra_body", "headers", "token_probabilities"})
"""Parts of a question that are there only where a user has set them."""


def parts_key(parts: dict[str, Any]) -> str:
    """Hash the parts of a question: SHA-256 of sorted JSON, hex."""
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def request_key(request: Request, base_url: str | None = None) -> str:
    """Return the key of a question: a hash of all that can change the answer, hex.

    With the endpoint's address and the prompt file's hash it is the cache's key: two servers may mean different models
    by one name. Without them it is portable, and a recording's.
    """
    own = {} if base_url is None else {"base_url": base_url, "prompt_hash": request.prompt_hash}
    return parts_key(request_parts(request) | own)


def reply_parts(reply: Reply) -> dict[str, Any]:
    """Return a reply as plain JSON; without `cached`, which is true once it is read back, and what nobody wanted."""
    absent = {"cached"} | (set() if reply.log_probabilities else {"log_probabilities"})
    return {name: value for name, value in asdict(reply).items() if name not in absent}


def reply_from(parts: object) -> Reply:
    """Read a reply from plain JSON, marked as cached.

    Raises:
        ValueError: it is not a reply.
    """
    kinds = {
        "text": str,
        "finish_reason": str | None,
        "model": str,
        "input_tokens": int | None,
        "output_tokens": int | None,
        "provider_cached_tokens": int,
        "cost": float | int | None,
        "log_probabilities": list,
        "seconds": float | int,
    }
    if not isinstance(parts, dict) or not {"text", "finish_reason", "model"} <= parts.keys() <= kinds.keys():
        raise ValueError(f"a reply has the keys {', '.join(kinds)}; those after model may be missing")
    for name, value in parts.items():
        if not isinstance(value, kinds[name]) or isinstance(value, bool):
            raise ValueError(f"{name} of a reply cannot be {value!r}")
    texts = {name: replace_lone_surrogates(value) for name, value in parts.items() if isinstance(value, str)}
    logs = {"log_probabilities": stored_logs(parts.get("log_probabilities", ()), parts["text"])}
    return _with_believed_numbers(Reply(**(parts | texts | logs), cached=True))


def _with_believed_numbers(reply: Reply) -> Reply:
    """Forget counts that cannot be, and a cost that was made of them or is none itself."""
    cost = None if reply.cost is None or not 0 <= reply.cost < inf else reply.cost
    if reply.input_tokens is None and reply.output_tokens is None:
        return replace(reply, cost=cost, provider_cached_tokens=0)
    counts = believed_counts(reply.input_tokens, reply.output_tokens, reply.provider_cached_tokens, reply.text)
    return replace(
        reply,
        cost=None if counts == UNKNOWN else cost,
        input_tokens=counts.input,
        output_tokens=counts.output,
        provider_cached_tokens=counts.cached,
    )


_CUT = frozenset(
    {"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit", "limit"}
    | {"model_context_window_exceeded"}
)
"""How servers spell that a reply ended at its token limit."""

_BROKE_OFF = frozenset(
    {"error", "network_error", "insufficient_system_resource", "abort", "aborted", "cancelled", "engine_overloaded"}
)
"""How servers spell that they could not finish: OpenRouter, Zhipu, DeepSeek, vLLM, SGLang."""


def is_cut(finish_reason: str | None) -> bool:
    """Tell whether a reply ended at its token limit, in any server's spelling."""
    return _spelt(finish_reason) in _CUT


def broke_off(finish_reason: str | None) -> bool:
    """Tell whether a server could not finish a reply: asked again, it may."""
    return _spelt(finish_reason) in _BROKE_OFF


def is_filtered(finish_reason: str | None) -> bool:
    """Tell whether a server's filter ended a reply."""
    return _spelt(finish_reason) in FILTERED


def _spelt(finish_reason: str | None) -> str:
    return "" if finish_reason is None else finish_reason.strip().lower().replace("-", "_")


def with_earlier(reply: Reply, earlier: Reply) -> Reply:
    """Return a reply with what one before it to the same question took: both were paid for."""

    def added(one: float | None, other: float | None) -> Any:
        return None if one is None or other is None else one + other

    return replace(
        reply,
        input_tokens=added(reply.input_tokens, earlier.input_tokens),
        output_tokens=added(reply.output_tokens, earlier.output_tokens),
        provider_cached_tokens=reply.provider_cached_tokens + earlier.provider_cached_tokens,
        cost=added(reply.cost, earlier.cost),
        seconds=reply.seconds + earlier.seconds,
    )


def is_object(text: str) -> bool:
    """Return whether a text is a whole JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def needs_room(reply: Reply) -> bool:
    """Tell whether a reply was cut off before its answer began, as by a model that thinks first."""
    return is_cut(reply.finish_reason) and "{" not in without_thoughts(reply.text)
