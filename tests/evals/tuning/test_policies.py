"""From recorded paths to a policy, and a policy on other posts."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.evals.tuning.recorded_posts import recorded_posts
from tests.tools.extraction.made_policy import MODEL
from unco.errors import DataError, SettingsError
from unco.evals.tuning.check_policy import check_policy
from unco.evals.tuning.expected import expected
from unco.evals.tuning.make_policy import UNANSWERED, make_policy
from unco.evals.tuning.methods import TuningGoal, choose
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recall_threshold import expect_recall
from unco.evals.tuning.recorded.paths import Answered, Recording, data_hash
from unco.evals.tuning.recorded.replay import replay
from unco.tools.extraction.policy import Policy
from unco.types import ALWAYS, Entity, NearMiss, Span, Thresholds

PLAIN, GOLD = recorded_posts()
RECORDED = Recording(replace(PLAIN.about, checkpoint=MODEL), PLAIN.posts)
OUTCOMES = outcomes_of(RECORDED)


def policy_by(**wanted: Any) -> Policy:
    return make_policy(RECORDED, OUTCOMES, choose(RECORDED, OUTCOMES, TuningGoal(**wanted)))


def test_a_policy_says_what_it_was_made_with() -> None:
    policy = policy_by()
    assert policy.checkpoint is not None
    assert (policy.checkpoint.name, policy.checkpoint.estimator) == ("made", "learned")
    assert (policy.data.sha256, policy.data.posts, policy.data.entities) == (data_hash(GOLD), 24, 72)
    assert policy.mllm.models == ("authored-test",)
    assert policy.mllm.prompts["span"].startswith("span/v1 ")
    assert policy.mllm.stated_thresholds.as_thresholds() == Thresholds(0.4, 0.3, 0.5)
    found = expected(OUTCOMES, policy.thresholds.as_thresholds())
    assert policy.expected["GMNER"].value == found["GMNER"].value
    assert policy.expected["kept wrong span"].low <= policy.expected["kept wrong span"].value
    assert "joint sweep: the cheapest of" in policy.method
    assert any("Approximated: answers about" in note for note in policy.notes)
    assert any("it is partly luck" in note for note in policy.notes)
    assert policy.expected["GMNER held out"].value <= policy.expected["GMNER"].value + 0.02
    assert any("without a readable answer" in note for note in policy.notes)
    assert policy.reference is not None
    assert policy.reference.posts == sum(policy.reference.counts["entities"]) == 24
    assert policy.reference.counts["entities"][3] == 24
    assert policy.reference.counts["changed"][0] < 24, "outcomes under the thresholds that were chosen"


def test_a_region_without_a_picture_is_no_question_without_an_answer() -> None:
    def without_picture(answer: Answered) -> Answered:
        note = answer.correction
        if note.outcome not in UNANSWERED:
            return answer
        return replace(answer, correction=replace(note, outcome="unavailable", reason="no_picture"))

    posts = tuple(
        replace(post, answers=tuple(tuple(map(without_picture, answers)) for answers in post.answers))
        for post in RECORDED.posts
    )
    notes = make_policy(Recording(RECORDED.about, posts), OUTCOMES, choose(RECORDED, OUTCOMES, TuningGoal())).notes
    assert not any("readable answer" in note or "Nobody was asked" in note for note in notes)


def test_it_says_what_is_approximated_and_no_more() -> None:
    other = Recording(replace(RECORDED.about, stating=("type",), simulated="{}"), RECORDED.posts)
    notes = make_policy(other, OUTCOMES, choose(other, OUTCOMES, TuningGoal(method="call-rate", share=0.2))).notes
    assert "The MLLM was simulated" in notes[0]
    assert notes[1].startswith("Approximated: answers about type, whose prompt states")
    assert not any("luck" in note for note in notes), "no labels were used"
    none = Recording(replace(RECORDED.about, stating=()), RECORDED.posts)
    assert not any("Approx" in note for note in make_policy(none, OUTCOMES, choose(none, OUTCOMES, TuningGoal())).notes)


def test_an_endpoint_that_is_simulated_is_told_by_its_name() -> None:
    """`unco simulate-mllm` runs apart, so its profile is not known here."""

    def said(answer: Answered) -> Answered:
        return replace(answer, correction=replace(answer.correction, model="simulated-gpt-4o"))

    posts = tuple(
        replace(post, answers=tuple(tuple(map(said, answers)) for answers in post.answers)) for post in RECORDED.posts
    )
    policy = make_policy(Recording(RECORDED.about, posts), OUTCOMES, choose(RECORDED, OUTCOMES, TuningGoal()))
    assert policy.mllm.simulated == "simulated-gpt-4o"
    assert "The MLLM was simulated" in policy.notes[0]


@pytest.mark.parametrize(
    ("wanted", "method", "promise"),
    [
        ({"method": "call-rate", "share": 0.25}, "call rate: 25.0 % of spans, of types and of regions", ""),
        ({"method": "call-rate", "calls": 1000}, "what 1000 calls for 1,000 posts pay for", ""),
        ({"method": "call-rate", "usd": 0.1}, r"what \$0.1 for 1,000 posts pay for", ""),
        ({"method": "conformal", "alpha": 0.3}, "conformal risk control", "at most 0.3 on average, over posts"),
        ({"method": "risk", "alpha": 0.4}, "with confidence", "With a confidence of 0.95: for all three"),
        ({"method": "ltt", "alpha": 0.9, "asked": 0.9}, "learn then test, by post: the cheapest of", "at most 0.9 of"),
    ],
)
def test_each_method_says_what_it_did_and_what_it_promises(wanted: dict[str, Any], method: str, promise: str) -> None:
    policy = policy_by(**wanted)
    assert re.search(method, policy.method)
    assert promise in policy.promise
    assert bool(policy.promise) == bool(promise)


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        ({"method": "guess"}, SettingsError, "no method 'guess': choose one of joint, call-rate"),
        ({"task": "span"}, SettingsError, "no task 'span': choose one of GMNER, MNER, EEG"),
        ({"method": "call-rate"}, SettingsError, "needs one of a share"),
        ({"method": "call-rate", "share": 0.1, "usd": 1}, SettingsError, "needs one of a share"),
        ({"method": "conformal", "alpha": 0.01}, DataError, "24 posts cannot promise a risk of at most 0.01: take 99"),
        ({"method": "ltt", "alpha": 0.01}, DataError, "no thresholds are certified"),
    ],
)
def test_what_cannot_be_chosen_is_refused(wanted: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        policy_by(**wanted)


def test_on_its_own_data_a_policy_has_nothing_to_say() -> None:
    check = check_policy(policy_by(), OUTCOMES)
    assert check.warnings == ()
    assert check.found["GMNER"].value == policy_by().expected["GMNER"].value


def test_other_data_another_checkpoint_and_other_rates_bring_warnings() -> None:
    gold = GOLD[:12]
    about = replace(RECORDED.about, checkpoint=replace(MODEL, sha256="b" * 64))
    posts = [
        replace(post, extraction=replace(post.extraction, entities=tuple(map(_unsure, post.extraction.entities))))
        for post in RECORDED.posts[:12]
    ]
    policy = policy_by(method="risk", alpha=0.4)
    warnings = check_policy(policy, outcomes_of(Recording(about, tuple(posts)))).warnings
    assert "made for the checkpoint made (aaaaaaaaaaaa), this is made (bbbbbbbbbbbb)" in warnings[0]
    assert (
        f"other data: 24 posts with the hash {data_hash(GOLD)[:12]}, these 12 have {data_hash(gold)[:12]}"
        in warnings[1]
    )
    assert any("routed span: 100.0 % of the entities here" in one for one in warnings)
    assert "its promise holds for posts drawn as those" in warnings[-1]


def _unsure(entity: Entity) -> Entity:
    return replace(entity, uncertainty=replace(entity.uncertainty, span=1.0))


def test_the_hash_is_of_words_and_gold() -> None:
    assert data_hash(GOLD) == data_hash(list(GOLD))
    assert data_hash(GOLD) != data_hash(GOLD[1:])
    moved = replace(GOLD[0], entities=GOLD[0].entities[:2])
    assert data_hash([moved]) != data_hash(GOLD[:1])
    assert data_hash([replace(GOLD[0], id="renamed")]) == data_hash(GOLD[:1])


def test_a_policy_that_asks_about_all_can_be_written() -> None:
    policy = policy_by(method="call-rate", share=1.0)
    assert policy.thresholds.as_thresholds() == Thresholds(ALWAYS, ALWAYS, ALWAYS)
    assert policy.expected["routed region"].value == 1.0


def test_the_level_to_drop_above_is_the_best_of_all() -> None:
    policy = policy_by(method="checkpoint", task="MNER", drop=True)
    thresholds = policy.thresholds.as_thresholds()
    assert replace(thresholds, drop=1.0) == Thresholds(0.4, 0.3, 0.5), "the checkpoint's own"
    f1 = [expected(OUTCOMES, replace(thresholds, drop=level))["MNER"].value for level in (0.0, 0.3, 0.6, 0.9, 1.0)]
    assert policy.expected["MNER"].value >= max(f1)
    assert "101 levels to drop above, that of the best MNER F1" in policy.method
    assert policy.expected["MNER held out"].value <= policy.expected["MNER"].value + 0.05
    assert policy_by(method="checkpoint").thresholds.drop == 1.0


def test_a_rate_of_posts_is_asked_about_missed_entities() -> None:
    """Of 24 posts each has one near miss; that of every other post is a gold entity which the small model missed."""
    posts = tuple(
        replace(
            post,
            extraction=replace(
                post.extraction,
                entities=post.extraction.entities[1:],
                near_misses=(NearMiss(Span(1, 3) if place % 2 else Span(5, 6), "", "PER", place / 100),),
            ),
            answers=post.answers[1:],
        )
        for place, post in enumerate(RECORDED.posts)
    )
    near = Recording(RECORDED.about, posts)
    chosen = choose(near, outcomes_of(near), TuningGoal(method="checkpoint", recall_share=0.25))
    policy = make_policy(near, outcomes_of(near), chosen)
    assert policy.thresholds.recall == 0.17
    assert policy.expected["asked about missed entities"].value == 6 / 24
    assert policy.expected["missed entities near"].value == 3 / 24
    assert "25.0 % of the posts are asked about missed entities" in policy.method
    assert expect_recall(near, 1.0)["missed entities near"].value == 0
    with pytest.raises(DataError, match="no near misses: record it anew with --recall-share"):
        choose(RECORDED, OUTCOMES, TuningGoal(method="checkpoint", recall_share=0.25))
    with pytest.raises(SettingsError, match="share of posts to ask"):
        choose(near, outcomes_of(near), TuningGoal(method="checkpoint", recall_share=2.0))


def test_what_dropping_does_is_expected() -> None:
    kept, dropping = Thresholds(0.4, 0.3, 0.5), Thresholds(0.4, 0.3, 0.5, drop=0.6)
    before, after = expected(OUTCOMES, kept), expected(OUTCOMES, dropping)
    assert "dropped" not in before
    assert after["MNER gained by dropping"].value == pytest.approx(after["MNER"].value - before["MNER"].value)
    results = replay(RECORDED, dropping)
    share = sum(len(one.dropped) for one in results) / sum(len(one.all_entities) for one in results)
    assert 0 < after["dropped"].value == pytest.approx(share)
    assert after["routed type"] == before["routed type"]
