"""Evaluations of runs small enough to count by hand, and laws that hold for any run."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.evals.made_posts import gold_posts
from unco.errors import DataError, SettingsError
from unco.evals.evaluate.compare_runs import Difference, compare_runs
from unco.evals.evaluate.evaluate import evaluate_run
from unco.evals.evaluate.run_scores import RunScores, score_run
from unco.evals.evaluate.scoring import Line, NotScored, Scored
from unco.evals.evaluate.serialize import to_json
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.protocols import PROTOCOLS, Protocol
from unco.types import Box, GoldEntity, GoldPost, Span

FACE, LOGO, ALL = Box(10, 10, 60, 90), Box(100, 10, 150, 60), Box(0, 0, 200, 100)
WORDS = ("Ann", "Lee", "of", "Owls", "won", "Oscar")


def post(
    identity: str, *entities: tuple[int, int, str, tuple[Box, ...]], size: tuple[int, int] = (200, 100)
) -> GoldPost:
    return GoldPost(identity, WORDS, tuple(GoldEntity(Span(a, b), kind, boxes) for a, b, kind, boxes in entities), size)


def prediction(
    identity: str, *entities: tuple[int, int, str, Box | None], candidates: tuple[Box, ...] | None = None
) -> PredictedPost:
    return PredictedPost(
        identity, tuple(Predicted(Span(a, b), kind, box) for a, b, kind, box in entities), None, candidates
    )


GOLD = [
    post("1", (0, 2, "PER", (FACE,)), (3, 4, "ORG", (LOGO,)), (5, 6, "OTHER", ())),
    post("2", (0, 2, "PER", (Box(0, 0, 200, 99),)), (3, 4, "ORG", ())),
]
RUN = [
    prediction("1", (0, 2, "PER", FACE), (3, 4, "LOC", LOGO), (4, 6, "OTHER", None)),
    prediction("2", (0, 2, "PER", None), (3, 4, "ORG", None)),
]


def counts(line: Line) -> tuple[int, int, int]:
    assert isinstance(line, Scored)
    return line.score.correct, line.score.predicted, line.score.gold


def test_tasks_types_and_baselines_by_hand() -> None:
    scores = score_run(GOLD, RUN)
    tasks = scores.schemes["gmner"].tasks
    assert {task: counts(line) for task, line in tasks.items()} == {
        "GMNER": (2, 5, 5),  # Ann Lee in post 1, Owls in post 2
        "MNER": (3, 5, 5),  # and Ann Lee in post 2
        "EEG": (3, 5, 5),  # GMNER's and Owls in post 1
        "span": (4, 5, 5),
        "type given span": (3, 4, 4),
    }
    assert {pair: counts(line) for pair, line in scores.schemes["gmner"].types.items()} == {
        ("LOC", "GMNER"): (0, 1, 0),
        ("LOC", "MNER"): (0, 1, 0),
        ("ORG", "GMNER"): (1, 1, 2),
        ("ORG", "MNER"): (1, 1, 2),
        ("OTHER", "GMNER"): (0, 1, 1),
        ("OTHER", "MNER"): (0, 1, 1),
        ("PER", "GMNER"): (1, 2, 2),
        ("PER", "MNER"): (2, 2, 2),
    }
    assert {pair: counts(line) for pair, line in scores.baselines.items()} == {
        ("never ground", "GMNER"): (1, 5, 5),  # Owls in post 2
        ("whole picture", "GMNER"): (1, 5, 5),  # Ann Lee in post 2 fills it
        ("never ground", "EEG"): (1, 5, 5),
        ("whole picture", "EEG"): (1, 5, 5),
        ("text alone", "MNER"): (3, 5, 5),
    }


def reasons(scores: RunScores) -> dict[str, str]:
    """What of the first reading was not scored."""
    tasks = next(iter(scores.schemes.values())).tasks
    return {task: line.reason for task, line in tasks.items() if isinstance(line, NotScored)}


def test_hindex_without_candidates_is_reported_and_text_is_scored_all_the_same() -> None:
    scores = score_run(GOLD, RUN, "hindex")
    reason = "hindex needs the candidate boxes of each post, and the predictions do not hold them"
    assert reasons(scores) == {"GMNER": reason, "EEG": reason}
    assert counts(scores.schemes["gmner"].tasks["MNER"]) == (3, 5, 5)
    assert scores.baselines["never ground", "GMNER"] == NotScored(reason)
    with_candidates = [replace(one, candidates=(FACE, LOGO)) for one in RUN]
    assert counts(score_run(GOLD, with_candidates, "hindex").schemes["gmner"].tasks["GMNER"]) == (2, 5, 5)


def test_gold_without_boxes_or_sizes_is_reported() -> None:
    bare = [replace(one, entities=tuple(replace(item, boxes=()) for item in one.entities)) for one in GOLD]
    assert reasons(score_run(bare, RUN)) == {"GMNER": "gold has no boxes", "EEG": "gold has no boxes"}
    unsized = score_run([replace(one, size=None) for one in GOLD], RUN)
    assert unsized.baselines["whole picture", "EEG"] == NotScored("gold does not say how large the pictures are")
    assert reasons(unsized) == {}


def test_nothing_to_count_is_no_zero() -> None:
    assert set(reasons(score_run([post("1")], [prediction("1")])).values()) == {
        "gold has no boxes",
        "there is nothing to count",
    }


def test_fine_types_are_read_in_coarser_ones() -> None:
    gold = [post("1", (0, 2, "actor", (FACE,)), (3, 4, "band", ()))]
    scores = score_run(gold, [prediction("1", (0, 2, "author", FACE), (3, 4, "actor", None))])
    mner = {name: counts(scheme.tasks["MNER"]) for name, scheme in scores.schemes.items()}
    assert mner == {"fmnerg": (0, 2, 2), "fmnerg_coarse": (1, 2, 2), "gmner": (1, 2, 2)}
    assert [kind for kind, _ in scores.schemes["gmner"].types] == ["ORG", "ORG", "PER", "PER"]


def test_a_system_of_four_types_is_not_scored_in_fifty_one() -> None:
    gold = [post("1", (0, 2, "actor", (FACE,)), (3, 4, "band", ()))]
    found = evaluate_run(gold, [prediction("1", (0, 2, "PER", FACE), (3, 4, "MISC", None))])
    assert list(found.scores.schemes) == ["gmner"]
    assert found.notes == (
        "not scored in fmnerg, fmnerg_coarse: the predictions have none of these types",
        "types that gmner lacks: MISC (1); official leaves them out, the others count them as wrong",
    )


def test_differences_by_hand() -> None:
    other = [prediction("1", (0, 2, "PER", FACE), (3, 4, "ORG", LOGO), (5, 6, "OTHER", None)), RUN[1]]
    found = compare_runs(GOLD, RUN, other, "paper")["gmner", "GMNER"]
    assert isinstance(found, Difference)
    assert found.f1.value == pytest.approx(2 / 5 - 4 / 5)
    assert (found.only_first, found.only_other, found.p) == (0, 2, 0.5)
    assert found.verdict == "within noise"  # both draws may be post 2
    many = [replace(one, id=f"{one.id}-{n}") for n in range(20) for one in GOLD]
    clear = compare_runs(many, RUN * 20, other * 20, "paper")["gmner", "GMNER"]
    assert isinstance(clear, Difference)
    assert (clear.only_other, clear.verdict) == (40, "worse")
    assert compare_runs(GOLD, other, RUN, "hindex")["gmner", "EEG"] == NotScored(
        "hindex needs the candidate boxes of each post, and the predictions do not hold them"
    )


def test_by_official_an_entity_of_several_boxes_is_right_with_one_of_them() -> None:
    gold = [post("1", (0, 2, "PER", (FACE, LOGO)))]
    found = compare_runs(
        gold, [prediction("1", (0, 2, "PER", LOGO))], [prediction("1", (0, 2, "PER", ALL))], "official"
    )
    difference = found["gmner", "GMNER"]
    assert isinstance(difference, Difference)
    assert (difference.only_first, difference.only_other) == (1, 0)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_run_does_not_differ_from_itself(protocol: Protocol) -> None:
    run = [replace(one, candidates=(FACE, LOGO)) for one in RUN]
    for found in compare_runs(GOLD, run, run, protocol).values():
        assert isinstance(found, Difference)
        assert (found.f1.value, found.only_first, found.only_other, found.p) == (0.0, 0, 0, 1.0)
        assert found.verdict == "within noise"


@settings(deadline=None)
@given(gold_posts())
def test_gold_as_prediction_is_all_right_and_what_is_printed_is_json(gold: list[GoldPost]) -> None:
    if not gold:
        return
    run = [
        PredictedPost(
            one.id,
            tuple(Predicted(item.span, item.type, item.boxes[0] if item.boxes else None) for item in one.entities),
        )
        for one in gold
    ]
    found = evaluate_run(gold, run, against=run, uncertainty=True)
    for scheme in found.scores.schemes.values():
        for line in scheme.tasks.values():
            assert isinstance(line, NotScored) or (line.f1.value, line.f1.low, line.f1.high) == (1.0, 1.0, 1.0)
    assert json.loads(to_json(found))["posts"] == len(gold)


def test_what_cannot_be_evaluated_is_refused() -> None:
    with pytest.raises(SettingsError, match="no protocol 'best': choose paper, official, hindex"):
        evaluate_run(GOLD, RUN, "best")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="gold has no posts"):
        evaluate_run([], [])
    with pytest.raises(DataError, match="the predictions to compare with: post 1 is '1' in gold, here it is '2'"):
        evaluate_run(GOLD, RUN, against=RUN[::-1])
