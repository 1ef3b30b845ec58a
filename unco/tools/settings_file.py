"""The settings file: a chain of models with options of their own, privacy, budget, prices, egress log."""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from unco.errors import SettingsError
from unco.plain_yaml import read_yaml
from unco.tools.box_frames.frame import MIN_LONGEST_SIDE
from unco.tools.llm.checks.headers import Headers, split_headers
from unco.tools.llm.models.families import LimitField
from unco.tools.llm.models.options import ModelOptions, body_text
from unco.tools.llm.prices import Price
from unco.tools.llm.privacy import Hosts

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


_OWN_FIELDS = frozenset(
    {"model", "messages", "n", "stream", "stream_options", "temperature", "response_format", "reasoning_effort"}
    | set(get_args(LimitField))
)
"""Fields of a request that are not the user's to add."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelSettings(_Section):
    """Settings of one model at one endpoint."""

    model: str
    """The endpoint's name of the model."""
    base_url: str
    """Address of an OpenAI-compatible endpoint; `${NAME}` in its query is the value of an environment variable."""
    key: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)] | None = None
    """Name of the environment variable that holds the endpoint's key; null = it needs none."""
    frame: str | None = None
    """Box frame; null = by the model's name or by its probe."""
    requests_per_minute: Positive | None = None
    """Rate limit that all posts share; null = none."""
    tokens_per_minute: Positive | None = None
    """The same, of tokens."""
    timeout_s: Positive = 60.0
    """Seconds without a byte from the endpoint."""
    deadline_s: Positive = 120.0
    """Seconds for a whole call, with its waits and further attempts."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often a call is tried; 1 to 10."""
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    """Sampling temperature, 0 to 2; null = 0, or none where the endpoint takes none."""
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Upper limit of a reply; null = each question's own, more for a model that thinks."""
    limit_field: LimitField | None = None
    """Name of the field that limits a reply's tokens; null = found out."""
    system: bool | None = None
    """Whether instructions are a system message; null = found out."""
    reasoning_effort: str | None = None
    """How much a model that thinks should think, as the endpoint names it."""
    extra_body: dict[str, JsonValue] = {}
    """Further fields of the request."""
    headers: dict[str, str] = {}
    """Further headers; `${NAME}` is the value of an environment variable."""

    @field_validator("extra_body")
    @classmethod
    def _is_further(cls, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if own := sorted(fields.keys() & _OWN_FIELDS):
            raise ValueError(f"{', '.join(own)} cannot stand here: unco sends it, or has a setting for it")
        body_text(fields)  # refuses what is no JSON
        return fields

    def options(self, account: Headers) -> ModelOptions:
        """Build the options of the model's calls.

        Args:
            account: headers of the account, for a model at the first host.

        Raises:
            SettingsError: a header cannot be sent.
        """
        plain, secret = split_headers(self.headers, f"model {self.model!r} in the settings file")
        own = {name.lower() for name, _ in plain + secret}
        return ModelOptions(
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            limit_field=self.limit_field,
            system=self.system,
            extra_body=body_text(self.extra_body, self.reasoning_effort),
            headers=plain,
            secret_headers=(*secret, *(header for header in account if header[0].lower() not in own)),
        )


class PrivacySettings(_Section):
    """Settings of the privacy policy, see `unco.tools.llm.privacy.Privacy`."""

    span: str | list[str] = "any"
    """Hosts that may be asked about spans: any, local, or a list."""
    type: str | list[str] = "any"
    """The same, of types."""
    region: str | list[str] = "any"
    """The same, of regions."""
    private_posts: str | list[str] = "local"
    """Hosts that may be asked about a post with `private: true`."""
    longest_side: Annotated[int, Field(ge=MIN_LONGEST_SIDE)] | None = None
    """Longest side of a picture that is sent, in pixels; null = as large as the model takes."""
    crop: list[Literal["type"]] = []
    """Correctors that get the entity's own box instead of the picture; only `type` can."""

    @field_validator("span", "type", "region", "private_posts")
    @classmethod
    def _known(cls, rule: str | list[str]) -> Hosts:
        if isinstance(rule, list):
            return tuple(host.lower() for host in rule)
        if rule not in ("any", "local"):
            raise ValueError("must be any, local, or a list of hosts")
        return rule


class BudgetSettings(_Section):
    """Settings of what a run may spend."""

    calls: Annotated[int, Field(ge=0)] | None = None
    """Most calls of a run; null = no limit."""
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Most US dollars of a run; null = no limit."""


class SearchSettings(_Section):
    """Settings of the search tool that the type corrector may use."""

    mcp: str | Annotated[list[str], Field(min_length=1)] = Field(repr=False)
    """Address of an MCP server (streamable HTTP; `${NAME}` in its query as above), or a program and its arguments."""
    tool: Annotated[str, Field(min_length=1)] = "search"
    """The server's name of the tool."""
    argument: str | None = None
    """Argument that the name goes into; null = `query`, or the only one that the tool wants."""
    arguments: dict[str, JsonValue] = {}
    """Further arguments, the same for every name."""
    key: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)] | None = None
    """Name of the environment variable that holds a bearer token; null = none is sent."""
    env: list[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]] = []
    """Names of environment variables that a program gets, such as one with its own key."""
    seconds: Positive = 10.0
    """That a search may take in all."""
    calls: Annotated[int, Field(ge=0)] | None = 1000
    """Most searches of a run; null = no limit."""


class CallSettings(_Section):
    """The whole settings file."""

    models: Annotated[list[ModelSettings], Field(min_length=1)]
    """The first is asked; the others, in this order, when it is unavailable or its call fails."""
    privacy: PrivacySettings = PrivacySettings()
    budget: BudgetSettings = BudgetSettings()
    prices: list[Price] = []
    """Of your own, before those that come with unco."""
    egress_log: str | None = None
    search: SearchSettings | None = None
    """null = nothing is searched for."""


def read_settings(path: Path) -> CallSettings:
    """Read a settings file.

    Raises:
        SettingsError: it cannot be read, or holds what is no setting; names the place.
    """
    try:
        return CallSettings.model_validate(read_yaml(path))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"the settings file {path}: {faults}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
