"""Costs of replies: the provider's own token counts times a versioned price table. Unknown prices stay unknown."""

import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from unco.errors import SettingsError
from unco.plain_yaml import read_yaml

SHIPPED = Path(__file__).with_name("prices.yaml")


class Price(BaseModel):
    """US dollars for a million tokens of one model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    """Regular expression, searched in the model's name, case aside; the first line that matches counts."""
    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """For input that the provider had in its own cache; None = as other input."""
    picture_tokens: int = Field(default=5000, ge=0)
    """The most that a picture counts for, at the sizes that are sent; for reserving money, never for what was spent."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return pattern


class Prices(BaseModel):
    """A price table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(coerce_numbers_to_str=True)
    """Version of the table, for whoever reads a figure later: `Mllm.terms.prices.version`."""
    models: tuple[Price, ...]

    def of(self, model: str) -> Price | None:
        """Return the price of a model; None = unknown."""
        return next((price for price in self.models if re.search(price.pattern, model, re.IGNORECASE)), None)


def cost_usd(price: Price | None, input_tokens: int | None, output_tokens: int | None, cached: int = 0) -> float | None:
    """Compute the cost of a reply in US dollars; None when its price or its token counts are not known.

    Args:
        price: of the model that answered.
        input_tokens: all of them, those in the provider's cache included.
        output_tokens: those of unseen reasoning included, as providers count.
        cached: input tokens that the provider had in its own cache.
    """
    if price is None or input_tokens is None or output_tokens is None:
        return None
    cached = min(cached, input_tokens)
    cached_price = price.input if price.cached_input is None else price.cached_input
    paid = (input_tokens - cached) * price.input + cached * cached_price + output_tokens * price.output
    return paid / 1e6


@cache
def shipped_prices() -> Prices:
    """Read the price table that comes with unco."""
    return read_prices(SHIPPED)


def read_prices(path: Path) -> Prices:
    """Read a price table from a YAML file.

    Raises:
        SettingsError: it cannot be read, or is no price table.
    """
    try:
        return Prices.model_validate(read_yaml(path))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} is no price table: {error}") from error
