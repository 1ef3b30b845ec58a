"""A trained network goes on with other labels."""

from dataclasses import replace

import torch

from tests.tiny import LABELS, TINY, tiny_network
from unco.small_model.decoding.symbols import FIRST_TYPE
from unco.small_model.network.new_labels import known_labels, with_labels
from unco.types import Label

OTHERS = replace(
    TINY,
    labels=(Label("org", "A firm."), Label("chef", "Cooks."), Label("thing", "Any.")),
    label_scheme="mine",
    coarser=(),
    people=("chef",),
)


def test_a_label_begins_at_those_of_its_name_else_at_persons_else_at_all() -> None:
    assert known_labels(TINY, OTHERS, {"PER"}) == [[1], [0], [0, 1]]
    assert known_labels(TINY, replace(OTHERS, people=()), {"PER"}) == [[1], [0, 1], [0, 1]]
    assert known_labels(TINY, replace(OTHERS, labels=(Label("name", ""),)), ()) == [[0, 1]], "of a coarser scheme"


def test_all_else_is_kept() -> None:
    trained = tiny_network()
    network = with_labels(trained, OTHERS, {"PER"})
    old, new = trained.state_dict(), network.state_dict()
    table, rows = old["decoder.symbol.weight"], new["decoder.symbol.weight"]
    assert rows.shape[0] == table.shape[0] + 1
    assert torch.equal(rows[FIRST_TYPE], table[FIRST_TYPE + 1])
    assert torch.allclose(rows[FIRST_TYPE + 2], table[FIRST_TYPE : FIRST_TYPE + 2].mean(0))
    assert torch.equal(rows[-1], table[-1]), "the first input of all"
    assert torch.equal(new["tagger.weight"][3:5], old["tagger.weight"][1:3]), "begin and inside of a person"
    same = [name for name in old if old[name].shape == new[name].shape]
    assert len(old) - len(same) == 5
    assert all(torch.equal(old[name], new[name]) for name in same)
    again = with_labels(trained, replace(TINY, labels=LABELS), ()).state_dict()
    assert all(torch.equal(old[name], again[name]) for name in old)
