"""One question about a whole post: which entities it has (the paper's MLLM baseline), or which were missed.

Each entity of the answer is verified: its words stand in the post and are nobody else's, its type exists. One that
fails is dropped, and the reason written down. A box that cannot be true is dropped alone: then the entity counts as not
in the picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from unco.errors import EndpointError, PictureError, Rejected
from unco.nodes.questions.fallbacks import post_turns
from unco.nodes.questions.frame_in_words import demonstrated, frame_in_words
from unco.nodes.questions.question import LONGEST_ANSWER, MOST_CALLS, PostCase, request_of
from unco.nodes.questions.question_runner import (
    Account,
    Steps,
    Turn,
    aask_chain,
    ask_chain,
    how_it_ended,
    readable_answer,
)
from unco.nodes.questions.sent_picture import sent_picture
from unco.nodes.questions.usage import Said, fault_of, told, with_earlier_faults
from unco.nodes.verified_entity import verified_entity
from unco.prompts import (
    EntitiesAnswer,
    FoundEntity,
    Prompt,
    PromptName,
    label_lines,
    load_prompt,
    neighbour_lines,
)
from unco.state import EXTRACTION, POST_QUESTION, Json, PostState, to_json
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request
from unco.types import Entity, Finder, Neighbour, PostQuestion

PROMPTS: dict[Finder, PromptName] = {"recall": "recall", "generation": "generate"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of the question."""

    question: PostQuestion
    entities: tuple[Entity, ...]
    """Those to be added."""


class FindEntities(Runnable[PostState, Json]):
    """A node that asks for a post's entities, under `invoke` and `ainvoke` alike."""

    def __init__(self, llm: Mllm, finder: Finder) -> None:
        """Bind who is asked, and for what.

        Args:
            llm: who is asked.
            finder: `recall` adds to what the small model found; `generation` drops that, unseen.
        """
        self._llm = llm
        self._finder = finder

    def invoke(self, input: PostState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """Ask about the state's post."""
        return _update(*ask_chain(self._turns(input), self._steps, FINDING))

    async def ainvoke(self, input: PostState, config: RunnableConfig | None = None, **_: Any) -> Json:
        """As `invoke`, awaiting the MLLM."""
        return _update(*await aask_chain(self._turns(input), self._steps, FINDING))

    def _steps(self, case: PostCase) -> Steps[Finding]:
        return finding_steps(case, self._finder)

    def _turns(self, state: PostState) -> Iterator[Turn[PostCase]]:
        """A budget's calls go to the uncertain attributes first, where those are asked about as well."""
        calls = state.get("calls")
        if calls is not None and self._finder == "recall":
            calls -= sum(sum(each.values()) for each in (state.get("grants") or {}).values())
        for turn in post_turns(state, self._llm):
            case = replace(turn.case, calls=MOST_CALLS if calls is None else min(MOST_CALLS, calls))
            yield replace(turn, case=_without_entities(case) if self._finder == "generation" else case)


def finding_steps(case: PostCase, finder: Finder) -> Steps[Finding]:
    """Ask, read, ask once more if it cannot be read, verify; every way to fail ends in an outcome."""
    name = PROMPTS[finder]
    prompt = load_prompt(name, case.context.prompt_version(name))
    blank = PostQuestion(finder, "unavailable", prompt=prompt.id, prompt_hash=prompt.sha256[:12])
    said: list[Said] = []
    try:
        answer = yield from readable_answer(_request(case, prompt), prompt.answer, said, case.calls)
    except (EndpointError, PictureError) as fault:
        ended = replace(blank, detail=str(fault))
        if how_it_ended(fault)[0] == "failed":
            ended = replace(ended, outcome="failed")
        return Finding(told(ended, said), ())
    assert isinstance(answer, EntitiesAnswer)
    question = told(replace(blank, outcome="answered", reasoning=answer.reasoning_process), said)
    return _verified(case, question, answer.entities)


def _verified(case: PostCase, question: PostQuestion, items: Sequence[FoundEntity]) -> Finding:
    """The entities that pass, one after another, so that none takes the words of an earlier one."""
    found: list[Entity] = []
    dropped: list[str] = []
    for item in items:
        entities = (*case.extraction.entities, *found)
        try:
            found.append(verified_entity(item, case, question, entities))
        except Rejected as fault:
            dropped.append(str(fault))
    return Finding(replace(question, dropped=tuple(dropped)), tuple(found))


def _request(case: PostCase, prompt: Prompt) -> Request:
    values = {
        "text": case.extraction.text,
        "labels": label_lines(case.extraction.labels),
        "frame": frame_in_words(case),
    }
    if prompt.name == "generate":
        values["demonstrations"] = demonstrated(prompt, case)
    else:
        values["neighbours"] = neighbour_lines(
            Neighbour(found.index, found.span, found.text, found.type) for found in case.extraction.entities
        )
    picture = sent_picture(case) if prompt.picture else None
    return request_of(case, prompt, values, picture, None, LONGEST_ANSWER)


def _fault_of(finding: Finding) -> str:
    return fault_of(finding.question)


def _with_earlier_faults(finding: Finding, faults: str) -> Finding:
    return replace(finding, question=with_earlier_faults(finding.question, faults))


FINDING = Account(_fault_of, _with_earlier_faults)


def _without_entities(case: PostCase) -> PostCase:
    return replace(case, extraction=replace(case.extraction, entities=()))


def _update(case: PostCase, finding: Finding) -> Json:
    asked = finding.question
    failed = (f"{asked.finder} {asked.outcome}: {asked.detail}",) if asked.outcome != "answered" else ()
    extraction = replace(
        case.extraction,
        entities=(*case.extraction.entities, *finding.entities),
        warnings=(*case.extraction.warnings, *failed),
    )
    return {"extraction": to_json(EXTRACTION, extraction), "questions": [to_json(POST_QUESTION, asked)]}
