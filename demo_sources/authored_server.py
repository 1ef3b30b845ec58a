"""A local OpenAI-compatible server that returns hand-written answers, for recording the demo.

It is no model: it finds an answer by the post, the entity and the attribute in the request. Every reply has the model
name `authored-demo`, which is kept wherever the answer is.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from unco.demo.posts import MODEL

Answers = dict[tuple[str, str, str], dict[str, Any]]
"""By post text, attribute and entity: the JSON object to answer with."""

ANSWERS_FILE = Path(__file__).with_name("answers.yaml")

KEYS = {"span": "corrected_entity", "type": "corrected_type", "region": "corrected_bounding_box"}


def read_answers(path: Path, texts: dict[str, str]) -> Answers:
    """Read answers from a YAML list of {post, attribute, entity, reasoning, answer}.

    Args:
        path: the file.
        texts: each post's text by its id.
    """
    return {
        (texts[item["post"]], item["attribute"], item["entity"]): {
            "reasoning_process": item["reasoning"],
            KEYS[item["attribute"]]: item["answer"],
        }
        for item in yaml.safe_load(path.read_text("utf-8"))
    }


def read_question(body: dict[str, Any]) -> tuple[str, str, str]:
    """Find the post text, attribute and entity in a request's messages."""
    system, user = (message["content"] for message in body["messages"][:2])
    text = user if isinstance(user, str) else next(part["text"] for part in user if part["type"] == "text")
    post, entity = (re.search(rf"<{tag}>\n?(.*?)\n?</{tag}>", text, re.DOTALL) for tag in ("post", "entity"))
    attribute = next(name for name, key in KEYS.items() if key in system)
    return (post.group(1) if post else "", attribute, entity.group(1) if entity else "")


@contextmanager
def serve(answers: Answers) -> Iterator[str]:
    """Serve until the block ends; yields the base URL. A question without an answer gets a 404 that quotes it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            question = read_question(body)
            found = answers.get(question)
            self._send(200, completion(found)) if found else self._send(
                404, {"error": {"message": f"no answer: {question}"}}
            )

        def _send(self, status: int, data: dict[str, Any]) -> None:
            content = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def completion(answer: dict[str, Any]) -> dict[str, Any]:
    """Wrap an answer as a chat completion, without token counts, as nothing was generated."""
    message = {"role": "assistant", "content": json.dumps(answer, ensure_ascii=False)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "authored", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice]}
