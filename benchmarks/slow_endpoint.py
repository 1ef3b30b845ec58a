"""A slow endpoint for timing: a process that gives every question the same answer after a fixed time. No model."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "authored-slow"

ANSWER = json.dumps(
    {
        "id": "slow",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": '{"corrected_type": "PER"}'}}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 50, "total_tokens": 550},
    }
).encode()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


def serve(seconds: float) -> None:
    """Serve forever, printing the address first."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(seconds)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/v1\n")
    sys.stdout.flush()
    server.serve_forever()


@contextmanager
def slow_endpoint(seconds: float) -> Iterator[str]:
    """Run the endpoint until the block ends; gives its base URL."""
    command = [sys.executable, "-m", "benchmarks.slow_endpoint", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    serve(float(sys.argv[1]))
