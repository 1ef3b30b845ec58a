"""Tiny random models and hand-made posts."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from unco.small_model.config import Estimator, McDropout, ModelConfig, Scheme
from unco.small_model.decoding.symbols import START
from unco.small_model.network.model import Network
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.small_model.uncertainty.regression import Regression
from unco.small_model.uncertainty.training_names import fit_training_names
from unco.types import Box, Entity, Extraction, GoldEntity, GoldPost, Label, PictureInfo, Span, Thresholds, Uncertainty

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
LABELS = (Label("PER", "A person."), Label("ORG", "A group."))
NAMES = Scheme("names", (Label("NAME", "Any name."),), (0, 0))
"""A coarser scheme, in which all names are of one type."""
TINY = ModelConfig(
    labels=LABELS,
    label_scheme="tiny",
    coarser=(NAMES,),
    vocabulary=4 + 2 * len(LETTERS),
    hidden=32,
    heads=4,
    feed_forward=64,
    encoder_layers=2,
    decoder_layers=2,
    positions=128,
    decoder_positions=24,
)


def tiny_tokenizer() -> Tokenizer:
    """Build a tokenizer with word pieces of single letters."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def byte_tokenizer() -> Tokenizer:
    """Build a byte-level tokenizer as of RoBERTa and BART: a blank is a part of the word behind it."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters, "\u0120a", "\u0120b"]
    merges = [("\u0120", "a"), ("\u0120", "b")]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def tiny_network(seed: int = 0, config: ModelConfig = TINY) -> Network:
    """Build a network with random weights, spread enough that it predicts something."""
    torch.manual_seed(seed)
    network = Network(config)
    for parameter in network.parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.3)
    with torch.no_grad():
        network.decoder.special_out.bias[START] += 20.0  # else it has nothing to say
    return network.eval().requires_grad_(False)


def tiny_predictor(seed: int = 0, config: ModelConfig = TINY) -> Predictor:
    """Build a random small model with Monte Carlo dropout in its decoder."""
    return Predictor(
        network=tiny_network(seed, config),
        tokenizer=tiny_tokenizer(),
        normaliser=log_cardinality(2, 10, 4),
        thresholds=Thresholds(0.4, 0.3, 0.5),
        scheme=config.schemes[config.label_scheme],
        estimator=Estimator(sampling=McDropout(p=0.2, passes=10)),
        name="tiny",
    )


def fitted_predictor(predictor: Predictor | None = None, span: Regression | None = None) -> Predictor:
    """Build a random small model as if fitted for the estimator `learned`, with nine random training names."""
    predictor = predictor or tiny_predictor()
    labels, hidden = len(predictor.network.config.labels), predictor.network.config.hidden
    names = torch.randn(9, hidden, generator=torch.Generator().manual_seed(0)).numpy()
    return replace(
        predictor,
        span_regression=span or Regression(tuple((-1.0) ** i / 4 for i in range(12)), 0.5),
        training_names=fit_training_names(names, [index % labels for index in range(9)]),
        type_regressions={name: Regression((0.7, 1.1), 0.4) for name in predictor.network.config.schemes},
    )


def gold_post(post_id: str = "1") -> GoldPost:
    """Build a gold post: Ann Lee (in the picture) plays for the Blue Owls (not in it)."""
    tokens = ("Ann", "Lee", "plays", "for", "the", "Blue", "Owls", "!")
    return GoldPost(
        post_id,
        tokens,
        (
            GoldEntity(Span(0, 2), "PER", (Box(10, 10, 60, 90),)),
            GoldEntity(Span(5, 7), "ORG", ()),
        ),
        (200, 100),
    )


def extraction(
    tokens: tuple[str, ...],
    entities: Sequence[tuple[Span, str, Box | None, Uncertainty]],
    thresholds: Thresholds | None = None,
    picture: PictureInfo | None = None,
) -> Extraction:
    """Build an extraction by hand."""
    text = " ".join(tokens)
    starts = [len(" ".join(tokens[:index])) + (1 if index else 0) for index in range(len(tokens))]
    offsets = tuple((start, start + len(token)) for start, token in zip(starts, tokens, strict=True))
    return Extraction(
        text=text,
        tokens=tokens,
        offsets=offsets,
        entities=tuple(
            Entity(
                index=index,
                span=span,
                text=text[offsets[span.start][0] : offsets[span.stop - 1][1]],
                start_char=offsets[span.start][0],
                stop_char=offsets[span.stop - 1][1],
                type=kind,
                region=region,
                uncertainty=uncertainty,
                nats=uncertainty,
            )
            for index, (span, kind, region, uncertainty) in enumerate(entities)
        ),
        thresholds=thresholds or Thresholds(0.4, 0.3, 0.5),
        labels=LABELS,
        picture=picture,
        model="by-hand",
    )
