"""`unco demo`: the shipped small model runs for real, the correctors' answers are replayed from authored recordings."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from unco.context import Context
from unco.demo.posts import MODEL, RECORDING, DemoPost, read_posts
from unco.errors import SetupError
from unco.graph import PostGraph, build_graph
from unco.show import show_result
from unco.small_model.regions.faces_and_text import vision_installed
from unco.state import RESULT, read_result
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.tools.pictures.annotate import save_annotated
from unco.types import Result

ABOUT = (
    "Stage 1 below is the shipped small model, running now. The correctors' answers are replayed: they were authored "
    "by hand to show the machinery, no model gave them. `!` marks an uncertainty above its threshold."
)


def run_demo(out: Path, console: Console) -> Path:
    """Run all demo posts, print them, and write an annotated picture of each, and all results into one file.

    Args:
        out: folder for the pictures; made if it does not exist.
        console: to print to.

    Returns:
        The file of results, one a line, as `unco run` writes them.

    Raises:
        PictureError: a picture cannot be written.
        SetupError: an extra is missing, or the results cannot be written.
    """
    console.print(ABOUT, style="magenta")
    graph = build_demo_graph()
    posts, results = read_posts(), []
    for post in posts:
        result = run_post(graph, post)
        results.append(result)
        console.rule(post.id)
        show_result(result, console)
        target = out / f"{post.id}.png"
        save_annotated(result, str(post.image), target)
        console.print(Text(f"annotated picture: {target}"), soft_wrap=True)
    file = out / "run.jsonl"
    try:
        file.write_bytes(b"".join(RESULT.dump_json(result) + b"\n" for result in results))
    except OSError as error:
        raise SetupError(f"{file} cannot be written: {error}; give another folder with --out") from error
    return file


def build_demo_graph() -> PostGraph:
    """Build the default graph, with the demo's recording in place of an endpoint."""
    return build_graph(small_model_tool(default_extractor()), Mllm(model=MODEL, recording=Recording(RECORDING)))


def run_post(graph: PostGraph, post: DemoPost) -> Result:
    """Run one post in replay mode: no socket is opened.

    Raises:
        SetupError: faces and lettering cannot be looked for, so the questions would not be those that were answered.
    """
    if not vision_installed():
        raise SetupError("the demo looks for faces and lettering in its pictures: pip install 'unco[vision]'")
    inputs = {"text": post.text, "image": str(post.image), "id": post.id}
    return read_result(graph.invoke(inputs, context=Context(mode="replay")))
