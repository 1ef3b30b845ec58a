"""What a small model is made of, as plain data saved beside its weights."""

from dataclasses import asdict, dataclass
from typing import Any

from unco.types import Label

GMNER_LABELS = (
    Label(
        "PER", "A person or a named character: politicians, athletes, artists, fictional people; by any form of name."
    ),
    Label("LOC", "A place: countries, cities, streets, parks, buildings, natural sites."),
    Label("ORG", "A group that acts as one: companies, teams, leagues, bands, schools, agencies, media houses."),
    Label("OTHER", "Any other name: events, works of art, films, products, awards, animals, websites."),
)
"""The four types of Twitter-GMNER, described in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Sizes and label scheme of a network; the defaults are MiniLM-L6 with a two-layer decoder."""

    labels: tuple[Label, ...] = GMNER_LABELS
    vocabulary: int = 30522
    """Word pieces of the tokenizer."""
    hidden: int = 384
    heads: int = 12
    feed_forward: int = 1536
    encoder_layers: int = 6
    decoder_layers: int = 2
    positions: int = 512
    """Longest input in word pieces; longer posts are read in windows."""
    decoder_positions: int = 192
    """Learned positions of the target; steps beyond share the last one."""
    dropout: float = 0.1
    """In training, and the default p of Monte Carlo dropout."""
    label_smoothing: float = 0.0
    region_loss: float = 0.2
    """Weight of the region loss; the paper uses 1. It is a mean over entities, the token loss a mean over steps: at 1 a
    region counts as much as the nine steps of a typical post, and the text was learned badly."""
    bio_loss: float = 0.5
    """Weight of the auxiliary BIO loss on the encoder, in training only."""

    @property
    def types(self) -> tuple[str, ...]:
        """Names of the labels, in the order of their symbols."""
        return tuple(label.name for label in self.labels)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ModelConfig":
        """Read what `to_json` wrote."""
        return cls(**{**data, "labels": tuple(Label(**label) for label in data["labels"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class McDropout:
    """Monte Carlo dropout: in the decoder (Eq. 4), and in the encoder's top layers if wanted."""

    p: float = 0.1
    """Chance that a hidden unit is dropped, in [0, 1)."""
    passes: int = 10
    """T; 0 = one deterministic pass, plain predictive entropy."""
    encoder_layers: int = 0
    """How many of the encoder's top layers sample too, at T times their cost; 0 = the decoder alone, as the paper."""
    seed: int = 0
