"""Training posts of other sources: their types read as ours, and what they leave unlabelled filled in by a teacher.

A source has fewer types than our schemes, and may name what our data does not. Its spans are kept; of each, the type
is the one that the teacher finds most probable among those that the source's type allows. Names of types that the source
never labels are the teacher's own (self-training), so that a word outside of the source's types is not learned as no name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from unco.errors import DataError
from unco.evals.data.twitter_gmner import bio_spans
from unco.small_model.batch import encode_post
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.types import GoldEntity, GoldPost, Span

TYPES: Mapping[str, str] = {
    "PER": "PER", "PERSON": "PER", "LOC": "LOC", "LOCATION": "LOC", "GPE": "LOC", "FAC": "LOC",
    "ORG": "ORG", "ORGANIZATION": "ORG", "GROUP": "ORG", "CORPORATION": "ORG",
    "MISC": "OTHER", "OTHER": "OTHER", "CREATIVE-WORK": "OTHER", "PRODUCT": "OTHER", "EVENT": "OTHER",
}
"""What other sources call our four types, in capitals."""


def read_source(path: Path) -> list[GoldPost]:
    posts, rows = [], []
    for line in [*path.read_text("utf-8").split("\n"), ""]:
        line = line.rstrip("\r")
        if line.strip():
            cells = line.split("\t")
            rows.append((cells[0], cells[-1].strip()))
        elif rows:
            posts.append(_post(f"{path.stem}-{len(posts)}", rows))
            rows = []
    return posts


def _post(identity: str, rows: Sequence[tuple[str, str]]) -> GoldPost:
    tokens = tuple(token for token, _ in rows)
    spans = bio_spans([tag for _, tag in rows])
    kept = [(span, TYPES[kind.upper()]) for span, kind in spans if not tokens[span.start].startswith("@")]
    return GoldPost(identity, tokens, tuple(GoldEntity(span, kind, ()) for span, kind in kept), None)


def filled_in(posts: Sequence[GoldPost], teacher: Predictor) -> list[GoldPost]:
    """Give posts the teacher's own labels: finer types of their names, and names of types that no post has."""
    labelled = {entity.type for post in posts for entity in post.entities}
    scheme = teacher.network.config.schemes["gmner"]
    names = [label.name for label in teacher.network.config.labels]
    coarse = [scheme.labels[index].name for index in scheme.of]
    allowed = {kind: torch.tensor([name == kind for name in coarse]) for kind in set(coarse)}
    full = replace(teacher, scheme=teacher.network.config.schemes[teacher.network.config.label_scheme])
    predicted = full.predict([ModelInput(post.tokens) for post in posts])
    of_name = dict(zip(names, coarse, strict=True))
    result = []
    for post, found in zip(posts, predicted, strict=True):
        own = _finer(post, teacher, allowed, names)
        taken = {word for entity in own for word in range(entity.span.start, entity.span.stop)}
        added = [
            GoldEntity(one.span, one.type, ())
            for one in found
            if of_name[one.type] not in labelled
            and one.uncertainty.span < 0.5
            and not taken & set(range(one.span.start, one.span.stop))
            and not post.tokens[one.span.start].startswith("@")
        ]
        result.append(replace(post, entities=tuple(sorted([*own, *added], key=lambda one: one.span.start))))
    return result


@torch.inference_mode()
def _finer(post: GoldPost, teacher: Predictor, allowed, names) -> list[GoldEntity]:
    if not post.entities:
        return []
    _, encoded = teacher._encode([encode_post(ModelInput(post.tokens), teacher.tokenizer)])
    tags = teacher.network.read_tags(encoded)
    found = []
    for entity in post.entities:
        chances = tags.begin_types[0, entity.span.start].clone()
        for word in range(entity.span.start + 1, entity.span.stop):
            chances += tags.inside_types[0, word + 1] - tags.inside_types[0, word]
        chances = chances.masked_fill(~allowed[entity.type], -1)
        found.append(replace(entity, type=names[int(chances.argmax())]))
    return found
