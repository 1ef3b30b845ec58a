"""Write the reproduction as a page of Markdown, in the order of the paper."""

from collections.abc import Mapping, Sequence

from unco.evals.ab.experiment import Experiment
from unco.evals.ab.unanswered import unanswered
from unco.evals.evaluate.compare_runs import Difference
from unco.evals.metrics.bootstrap import Interval
from unco.evals.metrics.paper import THREE_TASKS
from unco.evals.paper.published import published
from unco.evals.paper.reproduce import Claim, RowResult, RunCache, TableResult, data_set_of
from unco.evals.paper.routed import EstimatorAurocs
from unco.types import ATTRIBUTES, Attribute

SIMULATED = (
    "**The MLLM is simulated**: it knows the gold answers and errs as the profile below says. What is seen here is how "
    "the variants differ in shape and cost. It says nothing about any model, and no number may be set against "
    "the paper's."
)


def page_head(runs: RunCache, small_model: str, split: str) -> str:
    """Write the head of the page: what was run, and on which posts."""
    experiment = runs.experiment
    entities = sum(len(post.entities) for post in experiment.gold)
    lines = [
        "# The paper's tables, run here",
        "",
        f"{len(experiment.gold)} posts of {split}, {entities} gold entities of "
        f"{len(experiment.types)} types. Small model: {small_model}. MLLM: {runs.model}.",
        *(f"It was trained with a debiasing weight (gamma) of {own.gamma:g}." for own in runs.trained[:1]),
        "Where the paper names its small model (BART, CLIP, debiasing), this one stands in for it.",
        "F1 in percent by the paper's rule (Eqs. 12-15), with the 95 % bootstrap interval over posts in brackets.",
    ]
    gaps = [found for run in runs.finished.values() if (found := unanswered(run)).notes]
    if gaps:
        missing, asked = sum(len(found.notes) for found in gaps), sum(found.questions for found in gaps)
        lines += [f"**{missing:,} of {asked:,} questions got no answer**, and the rows that asked them lack it."]
    if experiment.simulation is not None and experiment.profile is not None:
        profile = experiment.profile.model_dump_json(exclude_defaults=True)
        lines += ["", SIMULATED, "", f"Profile: `{profile}`"]
    if data_set_of(experiment.types) is None:
        lines += ["", "These types are of neither of the paper's data sets, so its numbers are left out."]
    return "\n".join(lines) + "\n"


def table_page(found: TableResult) -> str:
    """Write a table: the paper's numbers, ours, and whether the paper's conclusions hold here."""
    table = found.table
    headings = ("", "paper: GMNER", "MNER", "EEG", "here: GMNER", "MNER", "EEG", "calls / entity", "harm", "note")
    rows = [(row.name, *_paper(row), *_here(row), *_cost(row), row.note) for row in found.rows]
    claims = [
        (f"{claim.above} above {claim.below}", claim.task, _points(claim.paper), _difference(claim), claim.verdict)
        for claim in found.claims
    ]
    drawn = ("what the paper draws from it", "task", "paper", "here (95 % interval)", "")
    return f"\n## {table.place}: {table.title}\n\n{aligned(headings, rows)}\n{aligned(drawn, claims)}"


def table6_page(here: Mapping[Attribute, float], experiment: Experiment) -> str:
    """Write Table 6: the shares of attributes that go to the correctors."""
    own = published().table6.get(data_set_of(experiment.types) or "", {})
    rows = [(name, f"{own[name]:.2f}" if own else "-", f"{100 * here[name]:.2f}") for name in ATTRIBUTES]
    note = (
        "Here: share of the small model's entities of which the attribute is above its threshold. "
        "The paper does not say of what its shares are."
    )
    title = "Table 6, appendix C.2: share of corrections, in percent"
    return f"\n## {title}\n\n{aligned(('', 'paper', 'here'), rows)}\n{note}\n"


FIGURES = {
    "fig3": ("gmner", "Figure 3, section 3.4", "Twitter-GMNER"),
    "fig6": ("fmnerg", "Figure 6, appendix C.3", "Twitter-FMNERG"),
}
"""By name: the data set, the place in the paper, and whose posts they are of."""


def fig3_page(found: Sequence[EstimatorAurocs], experiment: Experiment, name: str = "fig3") -> str:
    """Write Figure 3, or 6, in numbers."""
    data_set, place, posts = FIGURES[name]
    rows = [(one.estimator, *(_ratio(one.by_attribute[name]) for name in ATTRIBUTES)) for one in found]
    own = data_set_of(experiment.types)
    gained = published().fig3.get(data_set, {}) if own == data_set else {}
    text = (
        "The paper's curves are a picture. In its text: training with debiasing (MRD) adds "
        + ", ".join(f"{points} points ({name})" for name, points in gained.items())
        + " to MC dropout; that comparison needs a second small model, trained without (--other)."
        if gained
        else "The paper gives no numbers of this figure."
    )
    title = f"{place}: AUROC of telling wrong from right"
    if own not in (data_set, None):
        text = f"The paper's figure is of {posts}; these types are of the other data set."
    return f"\n## {title}\n\n{aligned(('uncertainty', *ATTRIBUTES), rows)}\n{text}\n"


def aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format an aligned Markdown table; the first column to the left, the others to the right."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in map(lambda width: max(width, 2), widths[1:]))]
    return "".join(
        "| "
        + " | ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |\n"
        for row in (cells[0], rule, *cells[1:])
    )


def _paper(row: RowResult) -> list[str]:
    return ["-" if value is None else f"{value:.2f}" for value in row.paper]


def _here(row: RowResult) -> list[str]:
    return ["-"] * len(THREE_TASKS) if row.here is None else [_interval(row.here[task]) for task in THREE_TASKS]


def _cost(row: RowResult) -> tuple[str, str]:
    if row.run is None:
        return "-", "-"
    harm = row.run.effects.harm_rate
    calls = f"{row.run.usage.calls / row.run.entities:.2f}" if row.run.entities else "-"
    return calls, "-" if harm is None else f"{100 * harm:.0f} %"


def _interval(found: Interval) -> str:
    return f"{100 * found.value:.2f} ({100 * found.low:.1f} - {100 * found.high:.1f})"


def _points(points: float | None) -> str:
    return "-" if points is None else f"{points:+.2f}"


def _difference(claim: Claim) -> str:
    if not isinstance(claim.here, Difference):
        return "-"
    found = claim.here.f1
    return f"{100 * found.value:+.2f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
