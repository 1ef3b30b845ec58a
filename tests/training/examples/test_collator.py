"""Targets of training batches, by hand."""

from dataclasses import dataclass, replace
from random import Random

import pytest
import torch

from tests.tiny import LABELS, TINY, gold_post, tiny_network, tiny_tokenizer
from unco.errors import DataError
from unco.small_model.decoding.symbols import END, REGION
from unco.small_model.gold_inputs import SimulatedRegionsInput, text_only
from unco.small_model.label_schemes import check_types
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region
from unco.small_model.windows.reader import Reader
from unco.small_model.words import word_pieces
from unco.training.examples.collator import Collator, Examples, check_texts, region_overlaps, region_target
from unco.training.examples.example import of_data_set, of_text
from unco.types import Box, GoldEntity, GoldPost, Span

TYPES = ("PER", "ORG")


def shown_with(*boxes: Box) -> Collator:
    """A collator that shows each post with these candidates."""
    regions = tuple(Region(box, "object") for box in boxes)
    return Collator(tiny_tokenizer(), TINY, lambda post, _: ModelInput(post.tokens, regions, post.size))


def test_region_targets_are_normalised_overlaps() -> None:
    gold = [Box(0, 0, 10, 10)]
    exact, half, above = Box(0, 0, 10, 10), Box(0, 0, 10, 5), Box(0, 0, 10, 8)
    assert region_target([exact, above], gold) == pytest.approx([1 / 1.8, 0.8 / 1.8, 0.0])
    assert region_target([half], gold) == [0.0, 1.0]  # an IoU of exactly 0.5 does not cover
    assert region_target([exact], []) == [0.0, 1.0]
    assert region_target([exact], [Box(50, 50, 60, 60), *gold]) == [1.0, 0.0]  # any of several gold boxes


def test_overlaps_are_with_the_best_of_several_gold_boxes() -> None:
    gold = [Box(0, 0, 10, 10), Box(0, 0, 10, 4)]
    # with the first 5/10, with the second 4/5
    assert region_overlaps([Box(0, 0, 10, 5), Box(50, 50, 60, 60)], gold) == pytest.approx([0.8, 0.0])
    assert region_overlaps([Box(0, 0, 1, 1)], []) == [0.0]


def test_symbols_and_tags_of_a_post() -> None:
    _, targets = shown_with().build([of_data_set(gold_post())], Random(0))
    # <s> Ann Lee <r> PER <s> Blue Owls <r> ORG <end>; words are pointed at by 5 + their place
    assert targets.symbols.tolist() == [[1, 5, 6, 2, 3, 1, 10, 11, 2, 4, END]]
    assert targets.tags.tolist() == [[1, 2, 0, 0, 0, 3, 4, 0]]


def test_regions_are_read_from_the_state_that_consumed_the_mark() -> None:
    # Ann Lee's gold box is the first candidate; the third is the whole picture, 200 x 100: IoU 4000 / 20000
    _, targets = shown_with(Box(10, 10, 60, 90), Box(0, 0, 5, 5)).build([of_data_set(gold_post())], Random(0))
    read_at = [step + 1 for step, symbol in enumerate(targets.symbols[0].tolist()) if symbol == REGION]
    assert targets.regions[0].sum(-1).nonzero().flatten().tolist() == read_at
    assert targets.regions[0, read_at[0]].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert targets.regions[0, read_at[1]].tolist() == [0.0, 0.0, 0.0, 1.0]  # the Blue Owls are not in the picture
    assert targets.spans[0].tolist() == [[0, 2], [5, 7]]
    assert targets.overlaps[0, 0].tolist() == pytest.approx([1.0, 0.0, 0.2])
    assert targets.overlaps[0, 1].tolist() == [0.0, 0.0, 0.0]


def test_one_slot_can_be_the_whole_picture_and_none() -> None:
    # Ann Lee is nearly the whole picture, 200 x 100, and in no other candidate
    post = replace(gold_post(), entities=(GoldEntity(Span(0, 2), "PER", (Box(0, 0, 200, 90),)),))
    found = []
    for one_slot in (False, True):
        shown = shown_with(Box(10, 10, 60, 90))
        collator = replace(shown, config=replace(shown.config, whole_picture_is_none=one_slot))
        _, targets = collator.build([of_data_set(post)], Random(0))
        found.append(targets.regions[0, 4].tolist())
        assert targets.overlaps[0, 0].tolist() == pytest.approx([4000 / 18000, 0.9])
    assert found == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize("whole", [False, True])
def test_words_are_tokenized_as_the_network_will_read_them(whole: bool) -> None:
    post = GoldPost("2", ("goOwls2", "Ann"), (), None)
    network = tiny_network(config=replace(TINY, whole_words=whole))
    shown = shown_with()
    batch, _ = replace(shown, config=network.config).build([of_data_set(post)], Random(0))
    reader = Reader(network, tiny_tokenizer(), 4)
    ((_, read),) = reader.read([ModelInput(post.tokens)], lambda read: [one.pieces.ids for one in read.posts])
    assert batch.piece_ids[0, 1:-1].tolist() == list(read)
    assert list(read) == list(word_pieces(post.tokens, tiny_tokenizer(), whole).ids)
    assert read != word_pieces(post.tokens, tiny_tokenizer(), not whole).ids


def test_padding_is_told_from_what_is_there() -> None:
    short = GoldPost("2", ("Bo", "sings"), (GoldEntity(Span(0, 1), "PER", ()),), None)
    batch, targets = shown_with(Box(10, 10, 60, 90)).build([of_data_set(gold_post()), of_data_set(short)], Random(0))
    assert targets.symbols[1].tolist() == [1, 5, 2, 3, END, *[-100] * 6]
    assert targets.tags[1].tolist() == [1, 0, *[-100] * 6]
    assert targets.spans[1].tolist() == [[0, 1], [-1, -1]]
    assert targets.overlaps[1].tolist() == [[-1.0, -1.0], [-1.0, -1.0]]  # no picture, so no candidates
    assert float(targets.regions[1].sum()) == 0.0
    assert batch.region_mask.tolist() == [[True, True], [False, False]]


def test_posts_without_entities_make_a_batch() -> None:
    _, targets = shown_with(Box(0, 0, 5, 5)).build([of_data_set(GoldPost("3", ("hi",), (), (9, 9)))], Random(0))
    assert targets.symbols.tolist() == [[END]]
    assert targets.spans.shape == (1, 0, 2)


@pytest.mark.parametrize(("unseen", "shown"), [(0.0, 16), (1.0, 0)])
def test_a_share_of_posts_is_shown_without_its_picture(unseen: float, shown: int) -> None:
    collator = Collator(tiny_tokenizer(), TINY, SimulatedRegionsInput(("Blue Owls",)), unseen)
    batch, _ = collator.build([of_data_set(gold_post(str(index))) for index in range(16)], Random(0))
    assert int(batch.region_mask.any(1).sum()) == shown


@pytest.mark.parametrize(("clutter", "share"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5)])
def test_a_share_of_simulated_pictures_has_clutter(clutter: float, share: float) -> None:
    plain, seen = SimulatedRegionsInput(("Blue Owls",)), list[bool]()

    @dataclass(frozen=True)
    class Watched(SimulatedRegionsInput):
        def __call__(self, post: GoldPost, random: Random) -> ModelInput:
            seen.append(self.clutter)
            return plain(post, random)

    collator = Collator(tiny_tokenizer(), TINY, Watched(("Blue Owls",)), clutter=clutter)
    collator.build([of_data_set(gold_post(str(index))) for index in range(400)], Random(0))
    assert sum(seen) / 400 == pytest.approx(share, abs=0.08)


def test_regions_of_files_are_shown_as_they_are() -> None:
    collator = replace(shown_with(Box(10, 10, 60, 90)), clutter=1.0)
    batch, _ = collator.build([of_data_set(gold_post())], Random(0))
    assert int(batch.region_mask.sum()) == 2  # the box and the whole picture


def test_texts_are_checked_before_the_training() -> None:
    check_texts([of_data_set(gold_post("6"))], tiny_tokenizer(), TINY)
    with pytest.raises(DataError, match="post 7 has 28 word pieces"):
        check_texts([of_data_set(gold_post("7"))], tiny_tokenizer(), replace(TINY, positions=20))


def test_chance_comes_from_torch_alone() -> None:
    collator = Collator(tiny_tokenizer(), TINY, SimulatedRegionsInput(("Blue Owls", "Ann Lee")), 0.5)
    items = [Examples([of_data_set(gold_post())])[0]] * 6
    torch.manual_seed(7)
    first = collator(items)
    other = collator(items)
    torch.manual_seed(7)
    again = collator(items)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["geometry"], other["geometry"])


def test_a_type_that_the_scheme_lacks_is_named() -> None:
    check_types([gold_post()], [label.name for label in LABELS])
    with pytest.raises(
        DataError, match="post 7: 'Blue Owls' is a 'ORG', which the label scheme lacks; it has PER, LOC"
    ):
        check_types([gold_post("7")], ("PER", "LOC"))


def test_a_post_that_is_longer_than_the_encoder_is_named() -> None:
    collator = Collator(tiny_tokenizer(), replace(TINY, positions=20), lambda post, _: text_only(post))
    with pytest.raises(DataError, match="post 7 has 28 word pieces.*reads 20"):
        # 26 letters and signs in eight words, and two marks
        collator.build([of_data_set(GoldPost("1", ("hi",), (), None)), of_data_set(gold_post("7"))], Random(0))


def test_a_post_of_another_source_teaches_text_alone() -> None:
    batch, targets = shown_with(Box(10, 10, 60, 90)).build([of_text(gold_post())], Random(0))
    assert not batch.region_mask.any()
    assert float(targets.regions.sum()) == 0.0
    assert targets.symbols.tolist() == [[1, 5, 6, 2, 3, 1, 10, 11, 2, 4, END]]


def test_joined_posts_are_one_text_and_keep_the_boxes_of_the_one_whose_picture_is_shown() -> None:
    shown = shown_with(Box(10, 10, 60, 90))
    collator = replace(shown, config=replace(TINY, positions=1000), joined=0.999)
    short = GoldPost("2", ("Bo", "sings"), (GoldEntity(Span(0, 1), "PER", ()),), None)
    batch, targets = collator.build([of_data_set(gold_post()), of_text(short)], Random(0))
    for row in (0, 1):
        width = int(batch.words[row])
        assert width >= 64
        symbols = [symbol for symbol in targets.symbols[row].tolist() if symbol >= 0]
        named = symbols.count(REGION)
        begins = (targets.tags[row] % 2 == 1) & (targets.tags[row] > 0)
        assert int(begins.sum()) == named  # each name begins once in the tags, whichever posts were joined
        read_at = targets.regions[row].sum(-1).nonzero().flatten().tolist()
        assert len(read_at) == 2  # one picture, of whose two names something is known
        assert all(symbols[step - 1] == REGION for step in read_at)
        assert targets.regions[row, read_at[0]].tolist()[0] == 1.0  # Ann Lee is in it
        assert targets.regions[row, read_at[1]].tolist()[-1] == 1.0  # the Blue Owls are not
