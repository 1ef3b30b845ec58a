"""Answer at the terminal what is open in a post: `python examples/review_in_the_graph.py "Ann Lee flew for NASA"`.

Needs `pip install 'unco[sqlite]'` and no endpoint: without one, all that the small model is unsure of is open. The run
is kept in review.sqlite: end the program (Ctrl-C), start it again with the same text, and it goes on where it was.
"""

import getpass
import json
import sys
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.types import Command

from unco import Context
from unco.graph import build_graph
from unco.state import read_result
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.tools.llm_settings import mllm_from_env


def ask(request: dict[str, Any]) -> dict[str, Any]:
    """Show one request; an empty line accepts the value, `-` ignores it, anything else is another value."""
    print(f"\n{request['description']}\n")
    value = request["action_request"]["args"]["value"]
    words = input(f"{json.dumps(value)}: Enter = yes, - = leave it open, or another value: ")
    if not words:
        return {"type": "accept", "args": None, "by": getpass.getuser()}
    if words == "-":
        return {"type": "ignore", "args": None, "by": getpass.getuser()}
    edited = {"action": request["action_request"]["action"], "args": {"value": words}}
    return {"type": "edit", "args": edited, "by": getpass.getuser()}


def main(text: str, file: Path) -> None:
    """Run the post, or go on with it, until nothing is open."""
    thread: RunnableConfig = {"configurable": {"thread_id": text}}
    context = Context(review=("rejected", "failed", "unavailable"), type_threshold=0.0)
    with SqliteSaver.from_conn_string(str(file)) as saver:
        graph = build_graph(small_model_tool(default_extractor()), mllm_from_env(), checkpointer=saver)
        if not graph.get_state(thread).interrupts:
            graph.invoke({"text": text}, thread, context=context)
        while waiting := graph.get_state(thread).interrupts:
            graph.invoke(Command(resume=[ask(request) for request in waiting[0].value]), thread)
        result = read_result(graph.get_state(thread).values)
    for entity in result.entities:
        for note in entity.corrections:
            print(entity.text, entity.type, note.attribute, note.outcome, note.by, note.at)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "Eileen Collins flew for NASA", Path("review.sqlite"))
