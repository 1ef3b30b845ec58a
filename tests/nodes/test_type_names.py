"""Names of types in full, in other languages and with words in front; what could be two is none."""

import time

import pytest

from unco.errors import Rejected
from unco.nodes.type_names import IN_FULL
from unco.nodes.verify import verify_type
from unco.types import Label

LABELS = tuple(Label(name, "x") for name in ("PER", "LOC", "ORG", "OTHER"))


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("People", "PER"),
        ("Locations", "LOC"),
        ("人物", "PER"),
        ("地点", "LOC"),
        ("组织机构", "ORG"),
        ("其他", "OTHER"),
        ("人物 (Person)", "PER"),
        ("Personne", "PER"),
        ("LUGAR", "LOC"),
        ("Organización", "ORG"),
        ("organizacion", "ORG"),
        ("場所", "LOC"),
        ("인물", "PER"),
        ("Организация", "ORG"),
        ("B-LOC", "LOC"),
        ("I-ORG", "ORG"),
        ("Type: LOC", "LOC"),
        ("Entity type: Location (a city)", "LOC"),
        ("The type is LOC.", "LOC"),
        ("LOC<|im_end|>", "LOC"),
        ("<LOC>", "LOC"),
        ("<Person>", "PER"),
        ("Others", "OTHER"),
    ],
)
def test_names_that_mean_a_label(answer: str, name: str) -> None:
    assert verify_type(answer, LABELS) == name


@pytest.mark.parametrize(
    "answer",
    ["B-52", "E-commerce", "Type: LOC or ORG", "type", "not LOC", "人物/组织", "公司", "city", "The type is", "B-"],
)
def test_other_words_name_none(answer: str) -> None:
    with pytest.raises(Rejected, match="is no type"):
        verify_type(answer, LABELS)


def test_a_label_of_the_users_own_counts_before_a_translation() -> None:
    assert verify_type("人物", (*LABELS, Label("人物", "x"))) == "人物"
    assert verify_type("B-LOC", (*LABELS, Label("B-LOC", "x"))) == "B-LOC"
    assert verify_type("Place", (*LABELS, Label("place", "x"))) == "place"


def test_no_name_stands_for_two_labels_of_one_scheme() -> None:
    for scheme in (("PER", "LOC", "ORG", "MISC"), ("PER", "LOC", "ORG", "OTHER")):
        names = [name.casefold() for label in scheme for name in IN_FULL[label]]
        assert len(names) == len(set(names))


def test_a_long_run_of_blanks_takes_no_time() -> None:
    start = time.monotonic()
    with pytest.raises(Rejected):
        verify_type("LOC" + " " * 50_000 + "zz", LABELS)
    assert time.monotonic() - start < 2
