"""Record every path of some posts with a simulated MLLM, in this process: without HTTP, pictures and prompts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from typing import Any

from PIL import Image

from unco.context import Context
from unco.errors import Rejected
from unco.evals.ab.experiment import simulated_experiment
from unco.evals.simulation import Profile
from unco.evals.simulation.answering import Knowledge, answer, same_answer
from unco.evals.simulation.families import family_by_name
from unco.evals.simulation.gold import GoldIndex
from unco.evals.simulation.question import Question, ReceivedPicture
from unco.evals.simulation.token_probabilities import chance_of
from unco.evals.tuning.recorded.paths import About, Answered, PostPaths, Recording
from unco.nodes.correct_region import RegionCorrector
from unco.nodes.correct_span import SpanCorrector
from unco.nodes.correct_type import TypeCorrector
from unco.nodes.questions.accept import is_believed, judged
from unco.nodes.questions.correction import Corrector, with_correction
from unco.nodes.questions.question import EntityQuestion
from unco.nodes.run_choices import outcome_of_value
from unco.prompts import parse_answer
from unco.tools.box_frames.families import frame_for
from unco.tools.box_frames.frame import encode
from unco.tools.extraction.known_names import name_key
from unco.types import Attribute, Box, Correction, Entity, Extraction, GoldPost, Neighbour, Post, Span

FAMILY = "qwen3-vl"
KEYS = {"span": "corrected_entity", "type": "corrected_type", "region": "corrected_bounding_box"}
CORRECTORS: tuple[Corrector, ...] = (SpanCorrector(), TypeCorrector(), RegionCorrector())


@dataclass(frozen=True, slots=True)
class ReadPosts:
    """Posts, and what the shipped small model says of them."""

    gold: tuple[GoldPost, ...]
    found: tuple[Extraction, ...]
    names: frozenset[str]
    """Of the training data."""


def read_posts(gold: Sequence[GoldPost], names: set[str]) -> ReadPosts:
    """Run the shipped small model over posts, with regions simulated from gold."""
    with simulated_experiment(gold, names, Profile(), 0, FAMILY, None, "gmner") as experiment:
        extractor = experiment.small_model(None, None)
        found = (
            extractor(Post(text=tuple(post["text"]), image=post["image"], id=post["id"])) for post in experiment.inputs
        )
        return ReadPosts(experiment.gold, tuple(found), frozenset(names))


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is done with changes that are believed little, in [0, 1]: see `Context`."""

    accept: float = 0.0
    """The value before stands where the belief is below."""
    below: float = 0.0
    """A second opinion is asked for where the belief is below; above 1 = about each change."""


def record(posts: ReadPosts, profile: Profile, seed: int, doubts: Doubts = Doubts()) -> Recording:
    """Ask every question that some thresholds would ask, each once."""
    known = frozenset(map(name_key, posts.names))
    knowledge = Knowledge(GoldIndex(posts.gold), family_by_name(FAMILY), profile, known)
    asking = _Asking(knowledge, seed, doubts)
    paths = (
        PostPaths(gold.id, found, tuple(_answers(one, found, asking) for one in found.entities), gold)
        for gold, found in zip(posts.gold, posts.found, strict=True)
    )
    about = About(simulated=profile.model_dump_json(exclude_defaults=True), known_names=tuple(sorted(posts.names)))
    return Recording(about, tuple(paths))


@dataclass(frozen=True, slots=True)
class _Asking:
    knowledge: Knowledge
    seed: int
    doubts: Doubts


def _answers(entity: Entity, post: Extraction, asking: _Asking) -> tuple[Answered, ...]:
    versions, answered = {(entity.span, entity.type): entity}, list[Answered]()
    for corrector in CORRECTORS:
        before = list(versions.values())
        notes = [_note(corrector, one, post, asking) for one in before]
        answered += [Answered(one.span, one.type, note) for one, note in zip(before, notes, strict=True)]
        after = (with_correction(one, note, post) for one, note in zip(before, notes, strict=True))
        versions = {(one.span, one.type): one for one in (*after, *before)}
    return tuple(answered)


def _note(corrector: Corrector, entity: Entity, post: Extraction, asking: _Asking) -> Correction:
    """Ask one question, and once more where the answer is a refusal."""
    name = corrector.attribute
    before, uncertainty = entity.value_of(name), entity.uncertainty.of(name)
    note = Correction(
        name, "failed", before, before, uncertainty, post.thresholds.of(name), calls=2, answer="unreadable"
    )
    about = f"{asking.seed} {post.text} {entity.index} {name} {entity.span} {entity.type}"
    draw = Random(sha256(about.encode()).digest())
    for calls in (1, 2):
        if draw.random() >= asking.knowledge.profile.refusal:
            said = answer(_question(name, entity, post), asking.knowledge, draw)
            try:
                after = corrector.verify(parse_answer(json.dumps(said), "stop", name), _asked(entity, post))
            except Rejected:
                return replace(note, outcome="rejected", calls=calls, answer="value")
            found = replace(note, outcome=outcome_of_value(note, after), after=after, calls=calls, answer="value")
            found = replace(found, confidence=_confidence(said, name, entity, post, asking))
            found = judged(found, asking.doubts.accept)
            if found.outcome != "changed" or not asking.doubts.below or is_believed(found, asking.doubts.below):
                return found
            return _confirmed(found, entity, post, asking, draw)
    return note


def _confidence(
    said: dict[str, Any], name: Attribute, entity: Entity, post: Extraction, asking: _Asking
) -> float | None:
    """Draw how probable the answer's value is to the simulated MLLM; None = its profile gives no probabilities."""
    auroc = asking.knowledge.profile.answer_auroc
    if auroc is None:
        return None
    perfect = replace(asking.knowledge, profile=Profile())
    right = answer(_question(name, entity, post), perfect, Random(0))
    about = f"confidence {asking.seed} {post.text} {entity.index} {name} {entity.span} {entity.type}"
    return chance_of(same_answer(said[KEYS[name]], right[KEYS[name]]), auroc, Random(sha256(about.encode()).digest()))


def _confirmed(note: Correction, entity: Entity, post: Extraction, asking: _Asking, draw: Random) -> Correction:
    """Ask once more about a change, as `unco.nodes.questions.second_opinion` does."""
    change_first = draw.random() < 0.5
    values = (note.after, note.before) if change_first else (note.before, note.after)
    first, second = (_in_words(value, post) for value in values)
    asked = replace(
        _question(note.attribute, entity, post), keys=("chosen",), readings=(first, second), about=note.attribute
    )
    chosen = answer(asked, asking.knowledge, draw)["chosen"]
    if (chosen == "first") == change_first:
        return replace(note, calls=note.calls + 1)
    return replace(note, calls=note.calls + 1, outcome="rejected", after=note.before)


def _in_words(value: object, post: Extraction) -> str:
    info = post.seen_picture
    assert info is not None
    match value:
        case Span(start=start, stop=stop):
            return post.text[post.offsets[start][0] : post.offsets[stop - 1][1]]
        case Box():
            return str(encode(value, frame_for(FAMILY), info.width, info.height))
    return "not in the picture" if value is None else str(value)


def _question(name: str, entity: Entity, post: Extraction) -> Question:
    info = post.seen_picture
    assert info is not None
    return Question(
        keys=("reasoning_process", KEYS[name]),
        text=post.text,
        entity=entity.text,
        given_type=entity.shown_type,
        found="",
        readings=("", ""),
        about="",
        labels=tuple(label.name for label in post.labels),
        picture=ReceivedPicture(Image.new("1", (info.width, info.height)), ""),
        says_uncertainty=True,
        content_hash="",
    )


def _asked(entity: Entity, post: Extraction) -> EntityQuestion:
    return EntityQuestion(
        extraction=post,
        image="",
        context=Context(),
        model=f"simulated-{FAMILY}",
        frame=frame_for(FAMILY),
        entity=entity,
        neighbours=tuple(_neighbours(entity, post)),
    )


def _neighbours(entity: Entity, post: Extraction) -> Iterator[Neighbour]:
    for other in post.entities:
        if other.index != entity.index:
            yield Neighbour(other.index, other.span, other.text, other.type)
