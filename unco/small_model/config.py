"""Configuration of the network and of the uncertainty estimators: plain data, saved beside the weights."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from unco.errors import SettingsError
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


NEIGHBOURS = 2
"""Words before and after a place that are looked at, to tell whether a text begins there."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The entity types that results use: the network's own labels, or a coarser set that these map to."""

    name: str
    labels: tuple[Label, ...]
    of: tuple[int, ...]
    """For each of the network's labels, the index of the type that it maps to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Sizes and label scheme of a network; the defaults are MiniLM-L6 with a two-layer decoder."""

    labels: tuple[Label, ...] = GMNER_LABELS
    """The types that the network predicts."""
    label_scheme: str = "gmner"
    """Name of this set of labels."""
    people: tuple[str, ...] = ()
    """Types of a user's own list that are persons, who are seen as people in a picture."""
    coarser: tuple[Scheme, ...] = ()
    """Coarser schemes that the labels map to: Twitter-FMNERG's 51 types determine Twitter-GMNER's 4."""
    vocabulary: int = 30522
    """Word pieces of the tokenizer."""
    hidden: int = 384
    heads: int = 12
    feed_forward: int = 1536
    encoder_layers: int = 6
    decoder_layers: int = 2
    whole_words: bool = False
    """Whether a word goes to the tokenizer as it is, so that its pieces are those of the whole text; else it is split
    at capitals and digits first, and odd letters are replaced by plain ones."""
    positions: int = 512
    """Longest input in word pieces; longer posts are read in windows."""
    decoder_positions: int = 192
    """Learned positions of the target; steps beyond share the last one."""
    norm_eps: float = 1e-12
    """Of the layer norms: BERT's; BART and RoBERTa have 1e-5."""
    foreign_encoder: dict[str, Any] | None = field(default=None, hash=False)
    """Configuration of a `transformers` encoder of another shape, run by that library; None = our own layers."""
    visual_features: int = 0
    """F, numbers that a visual encoder gives for a region (CLIP ViT-B/32: 512, VinVL: 2048); 0 = no pixels are read."""
    features_alone: bool = False
    """Whether a region is its visual features and nothing else (H_V in Eq. 1); else place, kind and text are added."""
    whole_picture_is_none: bool = False
    """Whether one slot stands for the whole picture and for "not groundable" (slot K + 1 in Eq. 2); else the whole
    picture can be pointed at, and "not groundable" is a slot of its own."""
    featuriser: str = ""
    """CLIP model that gives these features, a folder or its name on the hub; empty = region files alone have them."""
    captions: bool = False
    """Whether it was trained with captions beside the text."""
    post_starts: int = 0
    """Units of the layers that find where a text begins in long posts; 0 = posts are cut at sentences."""
    dropout: float = 0.1
    """In training."""
    sampled_as_trained: bool = False
    """Whether Monte Carlo dropout drops units at the rate of the training (Eq. 4); else each estimator has its own."""
    whole_label_set: bool = False
    """Whether a step's distribution is over all symbols, pointers to all words included (Eqs. 1 and 6), in training and
    for the uncertainty; else over those that may come next. What is decoded is legal in any case."""
    label_smoothing: float = 0.0
    distillation: float = 0.0
    """Share of the token and tag losses that is the cross-entropy with teachers' distributions, in [0, 1]."""
    debiasing: float = 0.0
    """Gamma, weight of the debiasing loss (Eq. 9); the paper's is 0.6. It needs visual features to make sense."""
    margin: float = 0.5
    """Lambda of the debiasing loss (Eq. 8): 0.5 on Twitter-GMNER, 0.3 on Twitter-FMNERG."""
    sum_of_pairs: bool = False
    """Whether the debiasing loss is the sum over a post's pairs of regions, as Eq. 8 is written; else their mean."""
    region_loss: float = 0.2
    """Weight of the region loss; the paper uses 1. It is a mean over entities, the token loss a mean over steps: at 1 a
    region counts as much as the nine steps of a typical post, and the text was learned badly."""
    bio_loss: float = 0.5
    """Weight of the auxiliary BIO loss on the encoder, in training only."""

    def __post_init__(self) -> None:
        """Check that regions are something.

        Raises:
            ValueError: a region is to be its visual features alone, and there are none.
        """
        if self.features_alone and not self.visual_features:
            raise ValueError("features_alone needs visual_features above 0: a region would be nothing")

    @property
    def types(self) -> tuple[str, ...]:
        """Names of the labels, in the order of their symbols."""
        return tuple(label.name for label in self.labels)

    @property
    def schemes(self) -> dict[str, Scheme]:
        """All schemes that results can use, by name; the first is the network's own."""
        own = Scheme(self.label_scheme, self.labels, tuple(range(len(self.labels))))
        return {scheme.name: scheme for scheme in (own, *self.coarser)}

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ModelConfig":
        """Build a configuration from what `to_json` wrote."""
        labels = tuple(Label(**label) for label in data["labels"])
        coarser = tuple(
            Scheme(scheme["name"], tuple(Label(**label) for label in scheme["labels"]), tuple(scheme["of"]))
            for scheme in data.get("coarser", ())
        )
        return cls(**{**data, "labels": labels, "coarser": coarser, "people": tuple(data.get("people", ()))})


def heads_of_starts(units: int) -> int:
    """Return how many heads the attention has that finds where a text begins: one for 32 units."""
    return max(1, units // 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class McDropout:
    """Monte Carlo dropout: in the decoder (Eq. 4), and in the encoder's top layers if wanted."""

    p: float = 0.1
    """Chance that a hidden unit is dropped, in [0, 1)."""
    passes: int = 10
    """T; 0 = one deterministic pass."""
    encoder_layers: int = 0
    """How many of the encoder's top layers sample too, at T times their cost; 0 = the decoder alone, as the paper."""
    seed: int = 0


Heads = Literal["decoder", "tags", "both"]
"""Which head's distribution over the next symbol is used: the decoder's, the tagging head's, or the mean of the two."""
Measure = Literal["entropy", "doubt", "surprisal", "energy"]
"""Uncertainty of a choice: the entropy of its distribution (Eq. 6) or 1 - the largest probability (`doubt`).

`surprisal` and `doubt` measure a span's steps by the surprisal of the decoded symbols; `surprisal` uses entropies for
type and region. `energy` is minus the log-sum-exp of the decoder's logits of what may come next: of the symbols for a
span's steps, of the types, of the regions (Liu et al. 2020). It is no distribution's, and may be below zero.
"""
TypeVariant = Literal["measured", "learned"]
"""Whether a type's uncertainty is the measure's value, or the probability of a wrong type by a regression fitted on dev
(`type_signals.py`)."""
SpanVariant = Literal["boundary", "eq7", "total", "joint", "learned"]
"""Which steps a span's uncertainty sums over.

`boundary`: from the decision to start (`<s>`) through the pointers to the decision to end (`<r>`), as Eq. 7's condition
"t in (<s> ... <r>)" can be read, divided by the span's length in words. `eq7`: the pointer steps alone, divided too.
`total`: as boundary, not divided. `joint`: 1 - exp(-total), of surprisals the probability that the span is wrong.
`learned`: no sum, but the probability of a wrong span by a regression fitted on dev (`span_signals.py`).
"""
RegionVariant = Literal["choice", "groundable", "learned"]
"""Which decision a region's uncertainty measures: the choice among K candidates and "not groundable" (the paper's), or
only whether the entity is groundable. `learned`: the probability of a wrong region by what was fitted on dev
(`region_signals.py`); as `groundable` where none was fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """How uncertainty is estimated."""

    measure: Measure = "entropy"
    span: SpanVariant = "boundary"
    type: TypeVariant = "measured"
    region: RegionVariant = "choice"
    heads: Heads = "decoder"
    sampling: McDropout = McDropout(passes=0)

    def __post_init__(self) -> None:
        """Check that the energy is asked for where there is one.

        Raises:
            SettingsError: it is asked of other heads or of samples, or as if it were a surprisal.
        """
        if self.measure == "energy" and (self.heads != "decoder" or self.sampling.passes or self.span == "joint"):
            raise SettingsError(
                "energy is of the logits of the decoder in one pass: choose heads='decoder', no sampling, "
                "and a span other than 'joint'"
            )


_IN_ENCODER = McDropout(p=0.2, encoder_layers=6)
ESTIMATORS: dict[str, Estimator] = {
    "confidence": Estimator(measure="doubt", span="joint"),
    "entropy": Estimator(),
    "energy": Estimator(measure="energy"),
    "mc_decoder": Estimator(sampling=McDropout()),
    "mc_decoder_eq7": Estimator(sampling=McDropout(), span="eq7"),
    "mc_encoder": Estimator(sampling=_IN_ENCODER),
    "tags": Estimator(measure="surprisal", span="total", region="groundable", heads="tags"),
    "two_heads": Estimator(measure="surprisal", span="total", region="groundable", heads="both"),
    "learned": Estimator(measure="surprisal", span="learned", type="learned", region="learned", heads="tags"),
    "tags_mc": Estimator(measure="surprisal", span="total", region="groundable", heads="tags", sampling=_IN_ENCODER),
}
"""Estimators by name. `mc_decoder` is the paper's; `tags`, `two_heads` and `learned` are ours and need one pass."""


def estimators_of(config: ModelConfig) -> dict[str, Estimator]:
    """Return the estimators by name, as a network is sampled by them."""
    if not config.sampled_as_trained:
        return ESTIMATORS
    return {name: replace(one, sampling=replace(one.sampling, p=config.dropout)) for name, one in ESTIMATORS.items()}


def named_estimator(name: str) -> Estimator:
    """Look up an estimator by its name.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in ESTIMATORS:
        raise SettingsError(f"no estimator {name!r}: choose {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name]
