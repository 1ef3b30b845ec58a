"""Prepares a question for each model of a chain, in order, each in the model's box frame."""

from collections.abc import Iterator
from dataclasses import fields

from unco.nodes.questions.question import EntityQuestion, Question
from unco.nodes.questions.question_runner import Attempt
from unco.nodes.settings import chain_of, current_context, current_mode, current_model, frame_for_post
from unco.state import ENTITY, EXTRACTION, NEIGHBOUR, EntityState, PostState, SharedState
from unco.tools.llm.client import Mllm


def post_attempts(state: PostState | SharedState, llm: Mllm) -> Iterator[Attempt[Question]]:
    """Prepare a question about a post for each model of the chain."""
    context = current_context()
    mode, image = current_mode(context, llm), state.get("image")
    for model_llm, model_context in chain_of(context, llm):
        model = current_model(model_context, model_llm)
        question = Question(
            extraction=EXTRACTION.validate_python(state["extraction"]),
            image=image,
            context=model_context,
            model=model,
            frame=frame_for_post(model_context, model_llm, image is not None) if mode != "off" and model else None,
            private=state.get("private", False),
            deadline=state.get("deadline"),
            privacy=model_llm.terms.privacy,
        )
        yield Attempt(model_llm, question, mode)


def entity_attempts(state: EntityState, llm: Mllm, calls: int) -> Iterator[Attempt[EntityQuestion]]:
    """Prepare a question about an entity for each model of the chain, under so many calls."""
    entity = ENTITY.validate_python(state["entity"])
    neighbours = tuple(map(NEIGHBOUR.validate_python, state.get("neighbours", ())))
    for attempt in post_attempts(state["post"], llm):
        shared = {field.name: getattr(attempt.question, field.name) for field in fields(Question)} | {"calls": calls}
        yield Attempt(attempt.llm, EntityQuestion(**shared, entity=entity, neighbours=neighbours), attempt.mode)
