"""A run that goes on where it was killed: `python examples/killed_and_resumed.py "Ann Lee flew for NASA"`.

Needs `pip install 'unco[sqlite]'`, and an endpoint (`UNCO_LLM_BASE_URL`). Kill it while it runs and start it again with
the same text: what was answered before is in runs.sqlite and is not asked again.
"""

import sys
from pathlib import Path

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver

from unco import Context
from unco.graph import build_graph
from unco.state import read_result
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.tools.llm_settings import mllm_from_env
from unco.types import ALWAYS


def main(text: str, file: Path) -> None:
    """Begin the text's run, or go on with it."""
    thread: RunnableConfig = {"configurable": {"thread_id": text}}
    context = Context(span_threshold=ALWAYS, type_threshold=ALWAYS)  # asks about everything, so that there is time
    with SqliteSaver.from_conn_string(str(file)) as saver:
        graph = build_graph(small_model_tool(default_extractor()), mllm_from_env(), checkpointer=saver)
        is_begun = bool(graph.get_state(thread).next)
        print("goes on" if is_begun else "begins", flush=True)
        # "sync": a step is on the disk before the next one begins. By default it is written beside it.
        output = graph.invoke(None if is_begun else {"text": text}, thread, context=context, durability="sync")
    for entity in read_result(output).entities:
        print(entity.text, entity.type, [f"{note.attribute} {note.outcome}" for note in entity.corrections])


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "Eileen Collins flew for NASA", Path("runs.sqlite"))
