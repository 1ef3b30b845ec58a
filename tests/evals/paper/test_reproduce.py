"""The paper's tables, run in an experiment: what was published, what is run, what is said of the difference."""

from pathlib import Path

import pytest

from tests.evals.ab.experiments import drawn_experiment
from tests.tools.extraction.made_policy import policy_of
from unco.errors import SettingsError, SetupError
from unco.evals.ab.arm import parse_arm
from unco.evals.evaluate.compare_runs import Difference
from unco.evals.evaluate.scoring import NotScored
from unco.evals.formats.prediction_lines import read_prediction_lines
from unco.evals.paper.counts import count_data
from unco.evals.paper.curves import threshold_curves
from unco.evals.paper.page import aligned
from unco.evals.paper.published import Row, Table, published
from unco.evals.paper.reproduce import RunCache, data_set_of, reproduce_table
from unco.evals.paper.routed import routed_shares
from unco.evals.paper.run import reproduce
from unco.evals.paper.trained_models import TrainedModel, read_trained_model
from unco.evals.paper.training_pages import table7_page
from unco.evals.simulation import Profile
from unco.evals.simulation.profile import Chances
from unco.small_model.label_schemes import COARSE_OF
from unco.tools.extraction.policy import write_policy

TABLES = {table.name: table for table in published().tables}


def test_the_papers_numbers_are_all_there() -> None:
    assert {name: len(table.rows) for name, table in TABLES.items()} == {
        "table1": 3,
        "table2": 28,
        "table3": 11,
        "table5": 3,
    }
    best = next(row for row in TABLES["table2"].rows if row.name == "Gemini-2.5 Pro -w / UnCo")
    assert (best.gmner, best.fmnerg) == ((64.58, 81.71, 69.62), (53.56, 67.70, 68.25))
    full = {row.gmner for table in TABLES.values() for row in table.rows if "UnCo" in row.name or row.name == "full"}
    assert (62.14, 81.33, 66.72) in full


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_arm_of_a_table_is_one(table: Table) -> None:
    arms = [parse_arm(row.arm) for row in table.rows if row.arm is not None]
    assert arms
    assert all(row.not_run for row in table.rows if row.arm is None)


def test_a_row_is_run_or_says_why_not() -> None:
    with pytest.raises(ValueError, match="give an arm, or say why"):
        Row(name="bare")
    with pytest.raises(ValueError, match="must both be rows that are run"):
        Table(name="t", title="", place="", rows=(Row(name="a", arm="span=v1"),), above=(("a", "b", "GMNER"),))


def test_the_data_set_shows_in_the_types() -> None:
    assert data_set_of(["PER", "LOC", "ORG", "OTHER"]) == "gmner"
    assert data_set_of(list(COARSE_OF)) == "fmnerg"
    assert data_set_of(["PER", "LOC", "ORG", "MISC"]) is None


def test_rows_are_run_once_and_claims_are_checked(tmp_path: Path) -> None:
    """The small model has no triplet right, a perfect MLLM all of them; nothing is left to be told apart in Table 5."""
    with drawn_experiment(tmp_path) as experiment:
        runs = RunCache(experiment, "simulated-qwen2.5-vl")
        first, fifth = (reproduce_table(TABLES[name], runs) for name in ("table1", "table5"))
        assert len(runs.finished) == 5, "the whole of unco is in both tables, and run once"
    small, generated, unco = first.rows
    assert [row.here and row.here["GMNER"].value for row in (small, generated, unco)] == [0.0, 1.0, 1.0]
    assert [claim.verdict for claim in first.claims] == ["seen here", "within noise here", "the reverse is seen here"]
    assert [claim.verdict for claim in fifth.claims] == ["within noise here"] * 2
    assert small.paper == (None, None, None), "these types are of neither data set"
    gained = first.claims[0].here
    assert isinstance(gained, Difference)
    assert gained.f1.value == 1.0


def test_rows_of_another_mllm_are_not_run(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        found = reproduce_table(TABLES["table2"], RunCache(experiment, "Qwen2.5-VL-72B-Instruct"))
    by_name = {row.name: row for row in found.rows}
    assert by_name["Qwen2.5VL-72B -w / UnCo"].run is by_name["MLLM -w / UnCo"].run is not None
    assert by_name["Qwen2.5VL-7B -w / UnCo"].note == "another MLLM"
    assert by_name["H-Index"].note == "another system"


PLAIN = TrainedModel(None, "plain", 0.0, 0.5, (0.5, 0.49))
DEBIASED = TrainedModel("runs/mrd", "debiased", 0.6, 0.5, (0.52, None))


def test_rows_are_of_a_small_model_that_was_trained_so(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        alone = reproduce_table(TABLES["table3"], RunCache(experiment, "any", (PLAIN,)))
        both = reproduce_table(TABLES["table3"], RunCache(experiment, "any", (PLAIN, DEBIASED)))
    missing = "needs a small model trained with debiasing: --other CHECKPOINT"
    rows = {row.name: row for row in alone.rows}
    assert rows["(I) Baseline"].run is not None
    assert rows["full, without MRD"].run is not None
    assert {rows[name].note for name in ("small, MRD", "small, UE + MRD", "full")} == {missing}
    assert all("without MRD" in claim.above or claim.above == "(I) Baseline" for claim in alone.claims)
    assert all(row.run is not None for row in both.rows), "all of the paper's nine, given two"
    checkpoints = {row.name: row.run.arm.checkpoint for row in both.rows if row.run is not None}
    assert (checkpoints["full"], checkpoints["full, without MRD"]) == ("runs/mrd", None)
    assert len(both.claims) == len(TABLES["table3"].above)


def test_the_shipped_model_was_trained_without_debiasing() -> None:
    shipped = read_trained_model(None)
    assert (shipped.name, shipped.debiased, shipped.gamma) == ("tweets-minilm", False, 0.0)
    with pytest.raises(SetupError, match="does not hold a checkpoint"):
        read_trained_model("tests")


def test_small_models_by_the_settings_of_debiasing() -> None:
    page = table7_page([DEBIASED, PLAIN], "gmner")
    plain, debiased = page.splitlines()[5:7]
    assert [cell.strip() for cell in plain.split("|")[1:-1]] == ["plain", "0", "0.5", "-", "-", "50.00", "49.00"]
    assert [cell.strip() for cell in debiased.split("|")[1:-1]] == [
        "debiased", "0.6", "0.5", "57.21", "57.14", "52.00", "-",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_counts_of_twitter_fmnerg_are_the_papers(shared: Path) -> None:
    found = count_data(shared / "data" / "twitter-fmnerg", shared / "data" / "twitter-gmner" / "xml")
    assert {row: tuple(counts[row] for counts in found.values()) for row in found["train"]} == published().table4[
        "fmnerg"
    ]


def test_shares_of_what_is_routed(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        shares = routed_shares(RunCache(experiment, "any").of("variant=unco"))
    assert shares == {"span": 12 / 18, "type": 6 / 18, "region": 1.0}


def test_a_page_says_what_is_simulated_and_is_written_with_its_runs(tmp_path: Path) -> None:
    profile = Profile(right=Chances(span=1, type=1, region=0.9))
    with drawn_experiment(tmp_path, profile) as experiment:
        page = reproduce(["table6", "fig3", "table1"], experiment, "test", tmp_path / "out")
    assert (tmp_path / "out" / "reproduction.md").read_text() == page
    assert "**The MLLM is simulated**" in page
    assert '"region":0.9' in page
    assert page.index("Table 1") < page.index("Table 6") < page.index("Figure 3")
    assert "of neither of the paper's data sets" in page
    assert len(read_prediction_lines(tmp_path / "out" / "run-1.jsonl")) == 6
    with (
        drawn_experiment(tmp_path) as experiment,
        pytest.raises(SettingsError, match="cannot reproduce table9: there is table1"),
    ):
        reproduce(["table9"], experiment, "test")


def test_what_cannot_be_scored_has_no_verdict(tmp_path: Path) -> None:
    with drawn_experiment(tmp_path) as experiment:
        found = reproduce_table(TABLES["table1"], RunCache(experiment, "any"))
    claim = found.claims[0]
    object.__setattr__(claim, "here", NotScored("gold has no boxes"))
    assert claim.verdict == "not scored: gold has no boxes"


def test_a_table_can_be_read_as_it_stands() -> None:
    assert aligned(("", "a"), [("long | name", "1.00")]) == (
        "|              |    a |\n| ------------ | ---: |\n| long \\| name | 1.00 |\n"
    )


def test_figure_4_from_one_recording(tmp_path: Path) -> None:
    """A model that spoils every type and puts every span right: asking about sure types harms, about spans helps."""
    with drawn_experiment(tmp_path, Profile(right=Chances(span=1, type=0, region=1))) as experiment:
        page = reproduce(["fig4"], experiment, "dev", tmp_path / "out")
        span, kind, region = threshold_curves(RunCache(experiment, "any"))
    assert (span.attribute, kind.attribute, region.attribute) == ("span", "type", "region")
    assert span.thresholds[0] == 0.0
    assert span.thresholds[-1] == 1.0
    assert span.f1["MNER"][0] > span.f1["MNER"][-1], "asking helps where the MLLM is right"
    assert kind.f1["MNER"][0] <= kind.f1["MNER"][-1], "and harms where it is wrong"
    assert span.calls[-1] == kind.calls[-1] == 0.0, "at 1 nobody is asked"
    assert [curve.calls[0] for curve in (span, kind, region)] == [1.0, 1.0, 1.0]
    assert "Figure 4" in page
    assert (tmp_path / "out" / "fig4.png").read_bytes().startswith(b"\x89PNG")


def test_policy_of_is_an_arm(tmp_path: Path) -> None:
    write_policy(policy_of(), tmp_path / "policy.yaml")
    arm = parse_arm(f"policy={tmp_path / 'policy.yaml'},span_threshold=0.9")
    assert (arm.context.span_threshold, arm.context.type_threshold, arm.context.region_threshold) == (0.9, 0.95, -1.0)
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        parse_arm(f"policy={tmp_path / 'none.yaml'}")
