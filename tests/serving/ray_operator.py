"""Deploys the service on a Ray cluster of this machine alone, and kills a replica for each line that it reads.

Arguments: the port, the file of tokens, the state folder. A line names a deployment; its end ends the cluster.
"""

import logging
import sys
from contextlib import suppress
from pathlib import Path

import ray
from ray import serve

from unco.serving.on_ray import service
from unco.serving.on_ray.application import OnRay


def kill_one(deployment: str) -> None:
    """Kill the process of a replica, as a node that is lost does."""
    actors = ray.util.list_named_actors(all_namespaces=True)
    found = next(actor for actor in actors if f"#{deployment}#" in actor["name"])
    ray.kill(ray.get_actor(found["name"], namespace=found["namespace"]))


def say(line: str) -> None:
    """Write a line that the test waits for."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(port: str, tokens: str, state: str) -> None:
    """Serve until standard input ends."""
    ray.init("local", num_cpus=8, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    with suppress(TimeoutError):  # on a busy machine the proxy takes longer than Ray waits; clients wait for it
        serve.start(http_options={"host": "127.0.0.1", "port": int(port)}, logging_config={"log_level": "ERROR"})
    serve.run(service(OnRay(tokens=Path(tokens), state=Path(state), least=2)), logging_config={"log_level": "ERROR"})
    say("ready")
    for line in sys.stdin:
        kill_one(line.strip())
        say(f"killed {line.strip()}")
    serve.shutdown()  # type: ignore[no-untyped-call]
    ray.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
