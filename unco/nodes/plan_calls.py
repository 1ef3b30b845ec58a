"""Plans which questions a budget pays for: the most uncertain attributes of a post first, in whatever order they run.

Entities run side by side, so who comes first is chance; the plan is made before any of them starts. Where calls are
left over once every routed attribute has one, the most uncertain may also be asked again after an unreadable answer.
"""

from collections.abc import Callable

from unco.context import Context
from unco.nodes.questions.question import MAX_CALLS, MAX_POST_ANSWER_TOKENS
from unco.nodes.settings import chain_of, current_model
from unco.tools.llm.budget import affordable
from unco.tools.llm.client import Mllm
from unco.tools.llm.prices import cost_usd
from unco.types import ATTRIBUTES, Attribute, Extraction

PROMPT_TOKENS = 8000
"""More than the bytes of any prompt that comes with unco, its post aside: with 51 types they are about 7,000. There are
fewer tokens than bytes, which leaves room for a first answer that the second question quotes."""

Grants = dict[int, dict[Attribute, int]]
"""Entity index -> attribute -> questions that may be asked about it."""


def plan_calls(extraction: Extraction, calls: int, most: Callable[[Attribute], int] = lambda _: MAX_CALLS) -> Grants:
    """Share out calls among the attributes above their thresholds; of equals the first entity comes first.

    Args:
        extraction: what the small model says, with the run's thresholds.
        calls: how many there are.
        most: that an attribute may take.
    """
    routed = [
        (entity.uncertainty.of(name), -entity.index, -place, entity.index, name)
        for entity in extraction.entities
        for place, name in enumerate(ATTRIBUTES)
        if name in extraction.routed(entity)
    ]
    grants: Grants = {index: {} for *_, index, _ in routed}
    for turn in range(max(map(most, ATTRIBUTES))):
        for *_, index, name in sorted(routed, reverse=True):
            granted, more = grants[index].get(name, 0), calls > 0 and turn < most(name)
            grants[index][name] = granted + more
            calls -= more
    return grants


def calls_for(context: Context, llm: Mllm, text: str) -> int | None:
    """Return how many calls a post may make, by its own caps and by what is left to the run; None = no limit.

    A call is taken to cost what it can cost at most, with the dearest model that may be asked.
    """
    usd = max_usd_per_call(context, llm, text)
    limits = [limit for limit in (context.post_calls, llm.terms.budget.calls_left(usd)) if limit is not None]
    if context.post_usd is not None:
        limits.append(affordable(context.post_usd, usd))
    return int(min(limits)) if limits else None


def max_usd_per_call(context: Context, llm: Mllm, text: str) -> float | None:
    """Estimate the most that one question about a post can cost, in US dollars; None = a price is unknown."""
    own_labels = sum(len(label.name) + len(label.description) + 5 for label in context.labels or ())
    bytes_of_text = 4 * own_labels + 2 * len(text.encode("utf-8", "replace"))  # the post, and the names in it
    costs = []
    for model, model_context in chain_of(context, llm):
        price = model.terms.prices.of(current_model(model_context, model))
        if price is None:
            return None
        tokens = PROMPT_TOKENS + bytes_of_text + price.picture_tokens
        costs.append(cost_usd(price, tokens, MAX_POST_ANSWER_TOKENS) or 0.0)
    return max(costs)
