"""Frozen data types: spans, boxes, uncertainties, entities, corrections, results.

No third-party import. Units and ranges stand under each field. Higher uncertainty = less sure.
"""

from unco.types.corrections import (
    PASSING_REASONS,
    SETTLED,
    AnswerState,
    Correction,
    Exchange,
    Finder,
    LookUp,
    Outcome,
    PostQuestion,
    Reason,
    Usage,
)
from unco.types.geometry import Box, Span
from unco.types.gold import GoldEntity, GoldPost
from unco.types.pictures import PictureFault, PictureInfo, UnusablePicture
from unco.types.posts import (
    UNTYPED,
    Dropped,
    Entity,
    Extraction,
    Label,
    NearMiss,
    Neighbour,
    Post,
    Result,
    TextLine,
)
from unco.types.uncertainty import ALWAYS, ATTRIBUTES, Accept, Attribute, Thresholds, Uncertainty

__all__ = [
    "ALWAYS",
    "ATTRIBUTES",
    "PASSING_REASONS",
    "SETTLED",
    "UNTYPED",
    "Accept",
    "AnswerState",
    "Attribute",
    "Box",
    "Correction",
    "Dropped",
    "Entity",
    "Exchange",
    "Extraction",
    "Finder",
    "GoldEntity",
    "GoldPost",
    "Label",
    "LookUp",
    "NearMiss",
    "Neighbour",
    "Outcome",
    "PictureFault",
    "PictureInfo",
    "Post",
    "PostQuestion",
    "Reason",
    "Result",
    "Span",
    "TextLine",
    "Thresholds",
    "Uncertainty",
    "UnusablePicture",
    "Usage",
]
