"""Reviewed posts and answered results become training examples; what is not settled does not."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ANN, OWLS, ScriptedLlm, doubt, graph_of, kind, says
from tests.tiny import tiny_predictor
from unco.context import Context
from unco.errors import DataError, Unavailable
from unco.small_model.checkpoint import from_pretrained
from unco.state import RESULT, read_result
from unco.training.examples.added import AddedPosts, read_added
from unco.training.examples.other_sources import in_labels
from unco.types import Box, Dropped, GoldEntity, GoldPost, Span

REVIEWED = {"id": "r1", "tokens": ["Ann", "sings"], "entities": [{"start": 0, "stop": 1, "type": "PER"}]}


def result(answer: Any, **context: Any) -> Any:
    """A post of Ann Lee, whose type is uncertain, and the Blue Owls."""
    llm = ScriptedLlm({("type", "Ann"): answer, ("type", "Ann Lee"): answer})
    small = says((ANN, "PER", None, doubt("type")), (OWLS, "ORG", None, doubt("")))
    return read_result(graph_of(small, llm).invoke({"text": "any"}, context=Context(**context)))


def results_file(folder: Path, *results: Any) -> Path:
    path = folder / "run.jsonl"
    path.write_bytes(b"".join(RESULT.dump_json(one) + b"\n" for one in results))
    return path


def test_a_result_counts_if_all_that_was_asked_was_answered(tmp_path: Path) -> None:
    changed, kept = result(kind("ORG")), result(kind("PER"))
    failed = result(Unavailable("too often", "breaker"))
    not_asked = result(kind("ORG"), type_threshold=1.0)
    dropped = replace(changed, entities=changed.entities[1:], dropped=(Dropped(changed.entities[0], 0.9),))
    found = read_added([results_file(tmp_path, changed, failed, kept, not_asked, dropped)])
    assert found.counts == {"reviewed": 0, "answered": 2, "left_out": 3}
    assert [post.id for post in found.answered] == ["run:0", "run:2"]
    assert [post.entities[0].type for post in found.answered] == ["ORG", "PER"]
    assert found.answered[0].tokens == changed.tokens
    packed = tmp_path / "run.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "run.jsonl").read_bytes()))
    assert read_added([packed]).counts == found.counts
    with pytest.raises(DataError, match="is a folder: --add takes files"):
        read_added([tmp_path])


def test_a_reviewed_post_is_shown_more_often(tmp_path: Path) -> None:
    gold = tmp_path / "reviewed.jsonl"
    gold.write_text(json.dumps(REVIEWED) + "\n", "utf-8")
    found = read_added([gold, results_file(tmp_path, result(kind("ORG")))])
    examples = list(found.examples(3))
    assert [example.post.id for example in examples] == ["r1", "r1", "r1", "run:0"]
    assert all(example.picture is None for example in examples)


def test_names_are_learned_in_the_order_of_the_text_and_may_not_overlap(tmp_path: Path) -> None:
    gold, words = tmp_path / "reviewed.jsonl", ["Ann", "joins", "NASA"]
    ann, nasa = {"start": 0, "stop": 1, "type": "PER"}, {"start": 2, "stop": 3, "type": "ORG"}
    gold.write_text(json.dumps({"id": "r1", "tokens": words, "entities": [nasa, ann]}) + "\n", "utf-8")
    assert [entity.type for entity in read_added([gold]).reviewed[0].entities] == ["PER", "ORG"]
    both = {"start": 0, "stop": 3, "type": "ORG"}
    gold.write_text(json.dumps({"id": "r1", "tokens": words, "entities": [both, ann]}) + "\n", "utf-8")
    with pytest.raises(DataError, match="'r1'.*overlap"):
        read_added([gold])


def test_a_post_with_a_picture_teaches_its_boxes() -> None:
    post = GoldPost("1", ("Ann",), (GoldEntity(Span(0, 1), "PER", (Box(1, 1, 5, 5),)),), (9, 9))
    (example,) = AddedPosts(answered=(post,)).examples(3)
    assert example.picture == post
    assert example.grounded == range(1)


def test_types_of_a_result_are_read_as_labels_of_the_network() -> None:
    post = GoldPost("1", ("Ann", "sings"), (GoldEntity(Span(0, 1), "PER", ()),), None)
    model = from_pretrained()
    (read,) = in_labels([post], model.network.config.types, from_pretrained)
    four = model.network.config.schemes["gmner"]
    place = model.network.config.types.index(read.entities[0].type)
    assert four.labels[four.of[place]].name == "PER"
    assert in_labels([read], model.network.config.types, lambda: pytest.fail("nobody is needed")) == [read]
    own = tiny_predictor()
    assert "gmner" not in own.network.config.schemes
    with pytest.raises(DataError, match="post '1': 'gene' is no type of tiny"):
        in_labels([replace(post, entities=(GoldEntity(Span(0, 1), "gene", ()),))], ("PER",), lambda: own)
    odd = replace(post, entities=(GoldEntity(Span(0, 1), "gene", ()),))
    with pytest.raises(DataError, match="post '1': 'gene' is no type"):
        in_labels([odd], model.network.config.types, from_pretrained)
