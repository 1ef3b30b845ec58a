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
    base_url: str
    key: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)] | None = None
    """Name of the environment variable that holds the endpoint's key; null = it needs none."""
    frame: str | None = None
    """Box frame; null = by the model's name or by its probe."""
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    timeout_s: Positive = 60.0
    deadline_s: Positive = 120.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    """null = 0, and none where the endpoint takes none."""
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Upper limit of a reply; null = each question's own, more for a model that thinks."""
    limit_field: LimitField | None = None
    """Name of the field that limits a reply's tokens; null = found out."""
    system: bool | None = None
    """Whether instructions are a system message; null = found out."""
    reasoning_effort: str | None = None
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
    type: str | list[str] = "any"
    region: str | list[str] = "any"
    private_posts: str | list[str] = "local"
    longest_side: Annotated[int, Field(ge=MIN_LONGEST_SIDE)] | None = None
    crop: list[Literal["type"]] = []

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
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class CallSettings(_Section):
    """The whole settings file."""

    models: Annotated[list[ModelSettings], Field(min_length=1)]
    """The first is asked; the others, in this order, when it is unavailable or its call fails."""
    privacy: PrivacySettings = PrivacySettings()
    budget: BudgetSettings = BudgetSettings()
    prices: list[Price] = []
    """Of your own, before those that come with unco."""
    egress_log: str | None = None


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
