"""A state as the cases that are put to the models of a chain, one after another, each in its own box frame."""

from collections.abc import Iterator
from dataclasses import fields

from unco.nodes.questions.question import Case, PostCase
from unco.nodes.questions.question_runner import Turn
from unco.nodes.settings import chain_of, current_context, current_frame, current_mode, current_model
from unco.state import ENTITY, EXTRACTION, NEIGHBOUR, EntityState, PostState
from unco.tools.llm.client import Mllm


def post_turns(state: PostState | EntityState, llm: Mllm) -> Iterator[Turn[PostCase]]:
    """A post as the models of the chain get it."""
    context = current_context()
    mode = current_mode(context, llm)
    for one, its in chain_of(context, llm):
        model = current_model(its, one)
        case = PostCase(
            extraction=EXTRACTION.validate_python(state["extraction"]),
            image=state.get("image"),
            context=its,
            model=model,
            frame=current_frame(its, one) if mode != "off" and model else None,
            private=state.get("private", False),
            deadline=state.get("deadline"),
            privacy=one.terms.privacy,
        )
        yield Turn(one, case, mode)


def entity_turns(state: EntityState, llm: Mllm) -> Iterator[Turn[Case]]:
    """An entity as the models of the chain get it."""
    entity = ENTITY.validate_python(state["entity"])
    neighbours = tuple(map(NEIGHBOUR.validate_python, state.get("neighbours", ())))
    for turn in post_turns(state, llm):
        known = {field.name: getattr(turn.case, field.name) for field in fields(PostCase)}
        yield Turn(turn.llm, Case(**known, entity=entity, neighbours=neighbours), turn.mode)
