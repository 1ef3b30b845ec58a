"""Re-record the demo: serve the authored answers, run the posts through the real client, write `recording.jsonl`.

Run `make record-demo` after a change of posts, answers, prompts or checkpoint. A question that has no answer yet is
printed as it must be answered in `answers.yaml`.
"""

from rich.console import Console

from demo_sources.authored_server import ANSWERS_FILE, read_answers, serve
from unco.context import Context
from unco.demo.posts import MODEL, RECORDING, read_posts
from unco.graph import build_graph
from unco.show import show_result
from unco.state import read_result
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording


def main() -> None:
    """Record all posts."""
    console, posts = Console(), read_posts()
    RECORDING.unlink(missing_ok=True)
    answers = read_answers(ANSWERS_FILE, {post.id: post.text for post in posts})
    with serve(answers) as base_url:
        llm = Mllm(base_url=base_url, model=MODEL, recording=Recording(RECORDING))
        graph = build_graph(small_model_tool(default_extractor()), llm)
        for post in posts:
            console.rule(post.id)
            inputs = {"text": post.text, "image": str(post.image), "id": post.id}
            show_result(read_result(graph.invoke(inputs, context=Context(mode="record"))), console)


if __name__ == "__main__":
    main()
